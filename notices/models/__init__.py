"""What was said, and what is to be said."""

from notices.models.alerts import OperatorAlert
from notices.models.outgoing import OutgoingMail

__all__ = ["OperatorAlert", "OutgoingMail"]
