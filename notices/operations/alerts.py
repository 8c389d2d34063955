"""Raising an alert for operators, once per item, and closing it when what it is about has ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import connection

from kernel.modes import Mode
from kernel.nudges import nudge_after_commit
from kernel.references import new_reference
from notices import kinds
from notices.models import OperatorAlert

Facts = Mapping[str, str | int]
ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(hashtext(%s))"


def raise_alert(
    *,
    kind: str,
    item: str,
    subject: str,
    mode: Mode,
    now: datetime,
    facts: Facts | None = None,
) -> None:
    """Raise an alert about ``subject``, at most once per kind and ``item``.

    ``facts`` hold references, enums, numbers and times only. Raises UnknownKind.
    """
    alert = OperatorAlert(
        reference=new_reference("alr"),
        kind=kinds.registered(kind).name,
        item=item,
        subject=subject,
        facts=dict(facts or {}),
        mode=mode,
        raised_at=now,
    )
    OperatorAlert.objects.bulk_create([alert], ignore_conflicts=True)
    nudge_after_commit("alert.raised")


def close_alerts(*, subject: str, kind: str, now: datetime) -> None:
    """Take what a person has dealt with off the list."""
    OperatorAlert.objects.filter(subject=subject, kind=kind, closed_at=None).update(closed_at=now)


def close_alert_about(*, kind: str, item: str, now: datetime) -> None:
    """Take the alert about ``item`` off the list: what it was about has ended."""
    OperatorAlert.objects.filter(kind=kind, item=item, closed_at=None).update(closed_at=now)


def close_other_alerts(
    *, kind: str, items: Sequence[str], mode: Mode, since: date, now: datetime
) -> int:
    """Close those of a kind whose fact ``day`` is ``since`` or later, but for ``items``.

    Whoever looked through these days found nothing else. Returns how many were closed.
    """
    standing = OperatorAlert.objects.filter(
        kind=kind, mode=mode, closed_at=None, facts__day__gte=since.isoformat()
    )
    return standing.exclude(item__in=items).update(closed_at=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting:
    """What one alert stands for while it lasts: the item says since when."""

    item: str
    facts: Facts


def keep_standing(lasting: Mapping[str, Lasting], *, kind: str, mode: Mode, now: datetime) -> None:
    """Let one alert of ``kind`` stand for each subject of ``lasting``, and for no other subject.

    One transaction at a time does this for a kind.
    """
    with connection.cursor() as cursor:
        cursor.execute(ONE_AT_A_TIME, [f"notices.{kind}"])
    standing = OperatorAlert.objects.filter(kind=kind, closed_at=None)
    subjects = set(standing.values_list("subject", flat=True))
    for subject in subjects - set(lasting):
        close_alerts(subject=subject, kind=kind, now=now)
    for subject in set(lasting) - subjects:
        what = lasting[subject]
        raise_alert(
            kind=kind, item=what.item, subject=subject, mode=mode, now=now, facts=what.facts
        )
