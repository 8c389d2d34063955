"""Whoever may decide is told that a request waits: at once, and again at half of its time."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Q, QuerySet

from approvals.enums import RequestState
from approvals.mails import REMINDER, WAITING
from approvals.models import ApprovalRequest
from approvals.queries.using import who_may_decide
from kernel.modes import Mode
from notices.operations import tell
from notices.queries import was_mailed


def tell_people(*, now: datetime, limit: int = 100) -> int:
    """Queue word of up to ``limit`` requests, each in a transaction. Say of how many.

    Who decides, and who stands in for them, is asked anew for a reminder.
    """
    due = _due(now).order_by("pk").values_list("pk", flat=True)[:limit]
    return sum(_tell_of(pk, now=now) for pk in list(due))


def _due(now: datetime) -> QuerySet[ApprovalRequest]:
    """Return what waits and nobody was told of, or what is past half of its time unreminded."""
    time_given = ExpressionWrapper(F("decide_by") - F("opened_at"), output_field=DurationField())
    half_time = ExpressionWrapper(F("opened_at") + time_given / 2, output_field=DateTimeField())
    waiting = ApprovalRequest.objects.filter(state=RequestState.PENDING, decide_by__gt=now)
    is_due = Q(told_at=None) | Q(reminded_at=None, half_time__lte=now)
    return waiting.exclude(mode=Mode.SAMPLE).alias(half_time=half_time).filter(is_due)


def _tell_of(pk: int, *, now: datetime) -> bool:
    with transaction.atomic(durable=True):
        request = _due(now).select_for_update(no_key=True, skip_locked=True).filter(pk=pk).first()
        if request is None:
            return False  # somebody was faster
        people = who_may_decide(request)
        if request.told_at is None:
            tell(WAITING, user_ids=people, now=now)
            request.write(told_at=now)
        else:
            tell(REMINDER, user_ids=people, now=now, can_wait=not _is_news(request, people))
            request.write(reminded_at=now)
    return True


def _is_news(request: ApprovalRequest, people: list[int]) -> bool:
    """Say whether the reminder is the only notice to the only person who may still decide."""
    return len(people) == 1 and not was_mailed(
        kind=WAITING, user_id=people[0], since=request.told_at or request.opened_at
    )
