"""Tables of crm."""

from crm.models.activities import Activity
from crm.models.deals import Deal
from crm.models.people import Company, Contact
from crm.models.projects import Project
from crm.models.trapped import TrappedRequest

__all__ = ["Activity", "Company", "Contact", "Deal", "Project", "TrappedRequest"]
