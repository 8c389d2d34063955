"""An owner approves what an agent asked for, as the page does."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User

from approvals.enums import Factor
from approvals.models import ApprovalRequest
from approvals.ports import Proof
from approvals.usecases.decide import approve
from approvals.usecases.show_request import show_request
from benchmarks.route import database_now


def the_owner() -> User:
    return User.objects.get(groups__name="owner")


def approve_as_owner(approval_ref: str, owner: User) -> datetime:
    """Approve it; return when it may run."""
    request = ApprovalRequest.objects.get(reference=approval_ref)
    now = database_now()
    step_up, _signed = show_request(request.reference, person=owner, session_key="b", now=now)
    approved = approve(
        request.reference,
        person=owner,
        shown_digest=request.shown_digest,
        step_up=step_up,
        proof=Proof(factor=Factor.PASSWORD),
        now=now,
    )
    if approved.not_before is None:
        raise RuntimeError(f"{approval_ref} waits for somebody else")
    return approved.not_before
