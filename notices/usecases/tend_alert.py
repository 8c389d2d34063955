"""What a person does about an alert: dismiss it, undo that, let it sleep, give it to somebody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction

from ledger import operations as ledger
from ledger.facts import FactValue
from notices import kinds
from notices.models import OperatorAlert

SNOOZE_MAX: Final = timedelta(days=90)


class NoSuchAlert(Exception):
    """No alert has this reference."""


class NotTended(Exception):
    """That cannot be done with this alert. The text is a sentence for a person."""


@transaction.atomic(durable=True)
def dismiss_alert(*, alert_ref: str, actor_id: int, now: datetime) -> bool:
    """Take an alert off everybody's list; say whether it was still on it.

    What its kind keeps, such as what a vendor waits for, is not dismissed.
    Raises NotTended or NoSuchAlert.
    """
    alert = _lock(alert_ref)
    if alert.closed_at is not None:
        return False
    if problem := alert.of_kind.why_kept(alert.matter):
        raise NotTended(problem)
    _write(alert, closed_at=now, closed_by=actor_id, snoozed_until=None)
    _audit(alert, event="alert.dismissed", actor_id=actor_id, now=now)
    return True


@transaction.atomic(durable=True)
def undo_dismissal(*, alert_ref: str, actor_id: int, now: datetime) -> bool:
    """Put a dismissed alert back on the list; say whether it was off it.

    What ended by itself stays off. Raises NotTended or NoSuchAlert.
    """
    alert = _lock(alert_ref)
    if alert.closed_at is None:
        return False
    if alert.closed_by_id is None:
        raise NotTended("What this alert was about has ended, so there is nothing to bring back.")
    _write(alert, closed_at=None, closed_by=None)
    _audit(alert, event="alert.restored", actor_id=actor_id, now=now)
    return True


@transaction.atomic(durable=True)
def snooze_alert(*, alert_ref: str, until: datetime | None, actor_id: int, now: datetime) -> None:
    """Take an alert off the list until ``until``; None shows it again at once.

    Raises NotTended or NoSuchAlert.
    """
    alert = _lock(alert_ref)
    _require_open(alert)
    if until is None:
        _write(alert, snoozed_until=None)
        _audit(alert, event="alert.woken", actor_id=actor_id, now=now)
        return
    if not now < until <= now + SNOOZE_MAX:
        raise NotTended(f"Choose a day within the next {SNOOZE_MAX.days} days.")
    if problem := alert.of_kind.why_kept(alert.matter):
        raise NotTended(problem)
    _write(alert, snoozed_until=until)
    _audit(alert, event="alert.snoozed", actor_id=actor_id, now=now, facts={"until": until})


@transaction.atomic(durable=True)
def assign_alert(*, alert_ref: str, to_id: int | None, actor_id: int, now: datetime) -> None:
    """Give an alert to a person of the team, or to nobody.

    Raises NotTended or NoSuchAlert.
    """
    alert = _lock(alert_ref)
    _require_open(alert)
    if to_id is not None and not User.objects.with_perm(kinds.TEND).filter(pk=to_id).exists():
        raise NotTended("Only somebody who may act on alerts can be assigned one.")
    _write(alert, assigned_to=to_id)
    to = "system" if to_id is None else f"user:{to_id}"
    _audit(alert, event="alert.assigned", actor_id=actor_id, now=now, facts={"assignee": to})


def _lock(alert_ref: str) -> OperatorAlert:
    alerts = OperatorAlert.objects.select_for_update(no_key=True)
    alert = alerts.filter(reference=alert_ref).first()
    if alert is None:
        raise NoSuchAlert(alert_ref)
    return alert


def _require_open(alert: OperatorAlert) -> None:
    if alert.closed_at is not None:
        raise NotTended("This alert is off the list already.")


def _write(alert: OperatorAlert, **changes: object) -> None:
    OperatorAlert.objects.filter(pk=alert.pk).update(**changes)


def _audit(
    alert: OperatorAlert,
    *,
    event: str,
    actor_id: int,
    now: datetime,
    facts: dict[str, FactValue] | None = None,
) -> None:
    ledger.audit(
        actor_id=actor_id,
        event=event,
        subject=alert.reference,
        facts=facts,
        mode=alert.mode,
        now=now,
    )
