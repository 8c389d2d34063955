"""Hold a request, and before it what its kind will need: one order for the whole house."""

from __future__ import annotations

from approvals.models import ApprovalRequest
from approvals.registry import find_kind


class TooLate(Exception):
    """Somebody else, or the time, was faster. ``outcome`` is the state that it has now."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class ShownOtherwise(Exception):
    """The decision was made on a page that shows something else than would run now."""


class MayNotDecide(Exception):
    """This person asked for it, has decided already, or has no right to decide it."""


def lock_request(reference: str) -> ApprovalRequest:
    """Return the request of that reference, locked until the caller's transaction ends.

    Of a kind that this version does not know nothing else is held.
    """
    known = ApprovalRequest.objects.only("kind", "subject_ref").get(reference=reference)
    if asks := find_kind(known.kind):
        asks.lock(known.subject_ref)
    return ApprovalRequest.objects.select_for_update(no_key=True).get(pk=known.pk)
