"""Close requests that nobody decided, or whose approval cannot be used any more."""

from __future__ import annotations

from datetime import datetime

from approvals.enums import RequestState, Why
from approvals.models import ApprovalRequest
from approvals.operations.locking import lock_request
from approvals.operations.recording import record
from approvals.registry import find_kind


def close_for(subject_ref: str, *, why: Why, now: datetime, superseded_by: str = "") -> bool:
    """Close what is open about ``subject_ref``; say whether anything was.

    ``superseded_by`` is the reference of the request that takes the place of a pending one.
    Whoever calls gives back themselves what the approval had taken: no hook is called.
    """
    request = (
        ApprovalRequest.objects.select_for_update(no_key=True)
        .filter(subject_ref=subject_ref, state__in=[RequestState.PENDING, RequestState.APPROVED])
        .first()
    )
    if request is None:
        return False
    _close(request, why=why, now=now, superseded_by=superseded_by)
    return True


def hold_pending(reference: str) -> bool:
    """Hold a request, and before it what its kind needs; say whether it still waits."""
    return lock_request(reference).state == RequestState.PENDING


def expire_all(*, why: Why, now: datetime) -> int:
    """Close every request that is open, and tell its kind; return how many there were.

    The caller lets nobody decide meanwhile.
    """
    is_open = ApprovalRequest.objects.filter(
        state__in=[RequestState.PENDING, RequestState.APPROVED]
    )
    references = list(is_open.order_by("pk").values_list("reference", flat=True))
    for reference in references:
        expire(lock_request(reference), why=why, now=now)
    return len(references)


def expire(request: ApprovalRequest, *, why: Why, now: datetime) -> None:
    """Close one open request, locked by the caller, and give back what its approval had taken.

    Of a kind that this version does not know nobody is told.
    """
    _close(request, why=why, now=now)
    if asks := find_kind(request.kind):
        asks.closed(request.subject_ref, outcome=request.state, why=why, now=now)


def _close(
    request: ApprovalRequest,
    *,
    why: Why,
    now: datetime,
    superseded_by: str = "",
) -> None:
    replaced_by = ApprovalRequest.objects.filter(reference=superseded_by).first()
    is_replaced = replaced_by is not None and request.state == RequestState.PENDING
    state = RequestState.SUPERSEDED if is_replaced else RequestState.EXPIRED
    request.move(
        state, why_closed=why, closed_at=now, superseded_by=replaced_by if is_replaced else None
    )
    refs = [replaced_by.reference] if replaced_by and is_replaced else []
    record(request, state, now=now, refs=refs, facts={"why": str(why)})
