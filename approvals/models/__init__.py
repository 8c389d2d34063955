"""Tables of approvals."""

from approvals.models.decisions import Decision, Revocation
from approvals.models.requests import ApprovalField, ApprovalRequest
from approvals.models.step_ups import StepUp

__all__ = ["ApprovalField", "ApprovalRequest", "Decision", "Revocation", "StepUp"]
