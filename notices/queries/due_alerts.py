"""Which alerts the next letter tells, to whom, and in which form the hour leaves room for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Case, Q, QuerySet, Value, When

from notices import kinds
from notices.enums import MailState, ToldAs
from notices.models import OperatorAlert
from notices.policy import ALERT_HOUR, ALERTS_ALONE_PER_HOUR

DIGEST_MAX: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NextLetter:
    """What the next letter tells. The mail of ``first``, which is due, carries it."""

    first: OperatorAlert
    besides: Sequence[OperatorAlert]
    told_as: ToldAs


def next_letter(*, now: datetime) -> NextLetter | None:
    """Return what the next letter is to tell; None where nothing is due or the hour is used up.

    Who hears of it is one set of people. A digest tells besides what is put off or was given up,
    but nothing that another letter is on its way with.
    """
    told_to: dict[str, list[str]] = {}
    due = _due(now)
    for name in due.order_by("kind").values_list("kind", flat=True).distinct():
        told_to.setdefault(kinds.kind_of(name).told_to, []).append(name)
    for people, names in told_to.items():
        form = _next_form(people, now=now)
        if form is None:
            continue
        first = gravest_first(due.filter(kind__in=names)).first()
        if first is not None:
            return NextLetter(first=first, besides=_besides(first, names, form), told_as=form)
    return None


def _besides(first: OperatorAlert, names: Sequence[str], form: ToldAs) -> list[OperatorAlert]:
    if form == ToldAs.SINGLE:
        return []
    is_free = Q(mail=None) | Q(mail__state__in=[MailState.QUEUED, MailState.FAILED])
    others = _untold().filter(is_free, kind__in=names).exclude(pk=first.pk)
    return list(gravest_first(others)[: DIGEST_MAX - 1])


def gravest_first(alerts: QuerySet[OperatorAlert]) -> QuerySet[OperatorAlert]:
    """Return ``alerts`` in the order in which they are told."""
    all_kinds = kinds.known().values()
    grave = [kind.name for kind in all_kinds if kind.severity == kinds.Severity.HIGH]
    rank = Case(When(kind__in=grave, then=Value(0)), default=Value(1))
    return alerts.order_by(rank, "raised_at", "pk")


def _untold() -> QuerySet[OperatorAlert]:
    return OperatorAlert.objects.filter(told_at=None, closed_at=None)


def _due(now: datetime) -> QuerySet[OperatorAlert]:
    """Return what was never tried, or whose mail is to be tried again by now."""
    again = Q(mail__state=MailState.QUEUED, mail__next_attempt_at__lte=now)
    return _untold().filter(Q(mail=None) | again).select_related("mail")


def _next_form(told_to: str, *, now: datetime) -> ToldAs | None:
    """Say in which form the next mail to them may leave; None where this hour's are used up."""
    names = [kind.name for kind in kinds.known().values() if kind.told_to == told_to]
    lately = Q(told_at__gt=now - ALERT_HOUR) | Q(told_at=None, mail__state=MailState.SENDING)
    told = OperatorAlert.objects.filter(lately, kind__in=names)
    if told.filter(told_as=ToldAs.SINGLE).count() < ALERTS_ALONE_PER_HOUR:
        return ToldAs.SINGLE
    return None if told.filter(told_as=ToldAs.DIGEST).exists() else ToldAs.DIGEST
