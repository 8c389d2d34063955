"""Blank the words in requests about a person; what was decided, and that it was, stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from approvals.enums import RequestState, Why
from approvals.models import ApprovalField, ApprovalRequest, Decision, Revocation
from approvals.operations.closing import expire
from approvals.operations.locking import lock_request

ERASES = {
    "approvals_approvalfield": ApprovalField.ERASABLE,
    "approvals_approvalrequest": frozenset({"around"}),
    "approvals_decision": Decision.ERASABLE,
    "approvals_revocation": Revocation.ERASABLE,
}


def erase_words(*, trace_refs: Sequence[str], now: datetime) -> list[str]:
    """Blank the words of all requests of these sales, and close those that are open.

    Returns the references of the requests that held any. The digests stay, and what needs no words
    (operation, provider, amount, payee's domain) stays with them. Repeating changes nothing.
    """
    about = ApprovalRequest.objects.filter(trace_ref__in=trace_refs)
    for known in about.filter(state__in=[RequestState.PENDING, RequestState.APPROVED]):
        request = lock_request(known.reference)
        if request.is_open:
            expire(request, why=Why.SUBJECT_GONE, now=now)
    held = about.filter(
        Q(fields__is_words=True) & ~Q(fields__value="")
        | ~Q(decisions__reason="") & Q(decisions__isnull=False)
        | ~Q(revocation__reason="") & Q(revocation__isnull=False)
        | ~Q(around="")
    )
    touched = list(held.order_by("pk").values_list("reference", flat=True).distinct())
    words = ApprovalField.objects.filter(request__in=about, is_words=True).exclude(value="")
    words.update(value="", salt="")
    for answers in (Decision.objects, Revocation.objects):
        answers.filter(request__in=about).exclude(reason="").update(reason="", reason_salt="")
    about.update(around="")
    return touched
