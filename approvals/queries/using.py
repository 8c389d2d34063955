"""What whoever waits for a decision asks: who could give it, what may run now, what was said."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from django.contrib.auth import get_user_model
from django.db import connection

from approvals.enums import RequestState, Verdict
from approvals.models import ApprovalRequest, Decision
from approvals.registry import find_rule
from kernel.statements import Counting, counting


def open_request_of(subject_ref: str) -> str:
    """Return the request about ``subject_ref`` that waits for people, "" for none."""
    pending = ApprovalRequest.objects.filter(subject_ref=subject_ref, state=RequestState.PENDING)
    return pending.values_list("reference", flat=True).first() or ""


def people_who_may(permission: str) -> int:
    """Return how many people there are who hold ``permission``. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(*_how_many_may(permission))
        [(people,)] = cursor.fetchall()
    return int(people)


@cache
def _how_many_may(permission: str) -> Counting:
    return counting(get_user_model().objects.with_perm(permission))


def people_asked(request_ref: str) -> int:
    """Return how many must approve that request. One statement."""
    return ApprovalRequest.objects.values_list("people_needed", flat=True).get(
        reference=request_ref
    )


def who_may_decide(request: ApprovalRequest) -> list[int]:
    """Return who may still decide it: they have the right, did not ask, and said nothing yet.

    Nobody, where this version knows no such kind.
    """
    rule = find_rule(request.kind, request.rule)
    if rule is None:
        return []
    people = get_user_model().objects.with_perm(rule.permission)
    if request.asked_by_id:
        people = people.exclude(pk=request.asked_by_id)
    if request.again_by_id and request.people_needed > 1:
        people = people.exclude(pk=request.again_by_id)
    said = Decision.objects.filter(request=request).values("person_id")
    return list(people.exclude(pk__in=said).order_by("pk").values_list("pk", flat=True))


def usable_now(kind: str, *, now: datetime, limit: int) -> list[str]:
    """Return what waits with an approval of that kind whose hold is over, the oldest first."""
    usable = ApprovalRequest.objects.filter(
        kind=kind, state=RequestState.APPROVED, not_before__lte=now, execute_by__gt=now
    )
    return list(usable.order_by("execute_by").values_list("subject_ref", flat=True)[:limit])


def asked_again_as(request_ref: str) -> str:
    """Return the request that asks the same once more, by a person's button; "" for none."""
    later = ApprovalRequest.objects.filter(again_of__reference=request_ref)
    return later.values_list("reference", flat=True).first() or ""


def subject_asked_again(request_ref: str) -> str:
    """Return what waits, or waited, for the request that asks the same once more; "" for none."""
    later = ApprovalRequest.objects.filter(again_of__reference=request_ref)
    return later.values_list("subject_ref", flat=True).first() or ""


def approvers_of(request_ref: str) -> list[str]:
    """Return who approved a request, as people call them."""
    said = Decision.objects.filter(
        request__reference=request_ref, verdict=Verdict.APPROVE
    ).select_related("person")
    return [each.person.get_full_name() or each.person.email for each in said.order_by("pk")]


def reason_for_the_agent(request_ref: str) -> str:
    """Return why a request was refused, where whoever refused it ticked that the agent may know."""
    told = Decision.objects.filter(request__reference=request_ref, tells_the_agent=True)
    return told.values_list("reason", flat=True).first() or ""


def reason_told_about(subject_ref: str) -> str:
    """Return why it was refused last, where whoever did lets the agent know; "" otherwise."""
    told = Decision.objects.filter(
        request__subject_ref=subject_ref, verdict=Verdict.REFUSE, tells_the_agent=True
    )
    return told.order_by("-pk").values_list("reason", flat=True).first() or ""
