"""Close requests whose time is over, and those that this version cannot show any more."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from approvals.enums import RequestState, Why
from approvals.models import ApprovalRequest
from approvals.operations.closing import expire
from approvals.operations.locking import lock_request
from approvals.queries.versions import OPEN, requests_of_gone_versions, what_is_gone

logger = logging.getLogger(__name__)


def expire_due(*, now: datetime, limit: int = 100) -> int:
    """Close up to ``limit`` requests that are past due, each in a transaction. Say how many.

    Those that this version would show or decide otherwise are closed too. One that raises holds
    up no other; what it raised is raised in the end.
    """
    due = ApprovalRequest.objects.filter(
        Q(state=RequestState.PENDING, decide_by__lte=now)
        | Q(state=RequestState.APPROVED, execute_by__lte=now)
    )
    references = list(due.order_by("pk").values_list("reference", flat=True)[:limit])
    gone = [each.reference for each in requests_of_gone_versions() if each.is_kind_known]
    references += [each for each in gone if each not in references]
    closed, problem = 0, None
    for reference in references[:limit]:
        try:
            closed += _expire(reference, now=now)
        except Exception as error:
            logger.exception("request not closed", extra={"request": reference})
            problem = error
    if problem is not None:
        raise problem
    return closed


def _expire(reference: str, *, now: datetime) -> bool:
    with transaction.atomic(durable=True):
        request = lock_request(reference)
        if request.state == RequestState.PENDING and request.decide_by <= now:
            expire(request, why=Why.DECIDE_BY, now=now)
        elif request.state == RequestState.APPROVED and (request.execute_by or now) <= now:
            expire(request, why=Why.EXECUTE_BY, now=now)
        elif request.state in OPEN and what_is_gone(request):
            expire(request, why=Why.VERSION_GONE, now=now)
        else:
            return False  # somebody was faster
    return True
