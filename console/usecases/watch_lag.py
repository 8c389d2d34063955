"""Raising the alarm when due work is not done, and taking it back when it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from kernel.modes import Mode
from revenue import queries as revenue
from revenue.operations.lag_alerts import alert_to_lag, alert_to_refusals


def watch_lag(*, mode: Mode, now: datetime) -> Sequence[str]:
    """Raise one alert per kind of work that waits too long, and close those that no longer do.

    Likewise where deliveries to Stripe's door are refused one after the other.

    Returns what lags. While an alert about a kind of work stands, no second one is raised.
    """
    unanswered = revenue.unanswered(now)
    waits_s = {**revenue.lagging(now), **unanswered}
    with transaction.atomic(durable=True):
        alert_to_lag(waits_s, of_stripes=unanswered, mode=mode, now=now)
        alert_to_refusals(mode=mode, now=now)
    return sorted(waits_s)
