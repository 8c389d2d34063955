"""Raising an alert for operators: once per item, mailed and shown until a person is done."""

from __future__ import annotations

from datetime import datetime

from kernel.modes import Mode
from kernel.nudges import nudge_after_commit
from kernel.references import new_reference
from revenue.enums import AlertKind
from revenue.models import OperatorAlert, Order
from revenue.operations.telling import Telling


def raise_alert(
    telling: Telling,
    *,
    kind: AlertKind,
    item: str,
    order: Order,
    facts: dict[str, str | int] | None = None,
) -> None:
    """Raise an alert about ``order``, at most once per ``item``."""
    raise_alert_about(
        kind=kind,
        item=item,
        subject=order.reference,
        mode=Mode(order.mode),
        now=telling.now,
        facts=facts,
    )
    telling.changed(f"operators alerted: {kind}")


def raise_alert_about(
    *,
    kind: AlertKind,
    item: str,
    subject: str,
    mode: Mode,
    now: datetime,
    facts: dict[str, str | int] | None = None,
) -> None:
    """Raise an alert about anything with a reference. ``facts``: enums, numbers and times only."""
    alert = OperatorAlert(
        reference=new_reference("alr"),
        kind=kind,
        item=item,
        subject=subject,
        facts=facts or {},
        mode=mode,
        raised_at=now,
        next_attempt_at=now,
    )
    OperatorAlert.objects.bulk_create([alert], ignore_conflicts=True)
    nudge_after_commit("alert.raised")


def close_alerts(*, subject: str, kind: AlertKind, now: datetime) -> None:
    """Take what a person has dealt with off the list."""
    OperatorAlert.objects.filter(subject=subject, kind=kind, closed_at=None).update(closed_at=now)
