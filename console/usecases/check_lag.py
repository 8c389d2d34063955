"""Raising the alarm when due work is not done, and taking it back when it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from console.alert_kinds import SWEEP_LAG
from kernel import due_work
from kernel.modes import Mode
from notices import operations as notices
from notices.operations import Lasting
from revenue.operations.refusal_alerts import alert_to_refusals


def check_lag(*, mode: Mode, now: datetime) -> Sequence[str]:
    """Raise one alert per kind of work that waits too long, and close those that no longer do.

    Likewise where deliveries to Stripe's door are refused one after the other.

    Returns the ids of what lags. While an alert about a kind of work stands, no second is raised.
    """
    late_s = due_work.late(now)
    with transaction.atomic(durable=True):
        lasting = {work: _lasting(work, late_s=late_s[work], now=now) for work in late_s}
        notices.keep_standing(lasting, kind=SWEEP_LAG, mode=mode, now=now)
        alert_to_refusals(mode=mode, now=now)
    return sorted(late_s)


def _lasting(work: str, *, late_s: float, now: datetime) -> Lasting:
    since = now - timedelta(seconds=late_s)
    registered = due_work.known()[work]
    return Lasting(
        item=f"{work}:{since.isoformat()}",
        facts={
            "what": registered.words,
            "oldest_s": int(late_s),
            "is_stripes": int(registered.vendor == "Stripe"),
        },
    )
