"""Raising the alarm when due work is not done, and taking it back when it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from kernel import due_work
from kernel.modes import Mode
from revenue.operations.lag_alerts import alert_to_lag, alert_to_refusals


def check_lag(*, mode: Mode, now: datetime) -> Sequence[str]:
    """Raise one alert per kind of work that waits too long, and close those that no longer do.

    Likewise where deliveries to Stripe's door are refused one after the other.

    Returns the ids of what lags. While an alert about a kind of work stands, no second is raised.
    """
    late_s = due_work.late(now)
    with transaction.atomic(durable=True):
        alert_to_lag(late_s, mode=mode, now=now)
        alert_to_refusals(mode=mode, now=now)
    return sorted(late_s)
