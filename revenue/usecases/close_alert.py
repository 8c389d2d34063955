"""A person has dealt with what an alert is about."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger import operations as ledger
from revenue.models import OperatorAlert


@transaction.atomic(durable=True)
def close_alert(*, alert_ref: str, actor_id: int, now: datetime) -> bool:
    """Take an alert off everybody's list; say whether it was still on it.

    Raises OperatorAlert.DoesNotExist.
    """
    alert = OperatorAlert.objects.select_for_update(no_key=True).get(reference=alert_ref)
    if alert.closed_at is not None:
        return False
    OperatorAlert.objects.filter(pk=alert.pk).update(closed_at=now)
    ledger.audit(
        actor_id=actor_id,
        event="alert.closed",
        subject=alert.reference,
        mode=alert.mode,
        key=f"alert.closed:{alert.reference}",
        now=now,
    )
    return True
