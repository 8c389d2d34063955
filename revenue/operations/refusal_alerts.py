"""The alarm about deliveries that Stripe's endpoint refuses one after the other."""

from __future__ import annotations

from datetime import datetime

from kernel.modes import Mode
from notices import operations as notices
from revenue import queries
from revenue.enums import AlertKind


def alert_to_refusals(*, mode: Mode, now: datetime) -> None:
    """Raise the alarm about a run of refused deliveries: once a day for each reason."""
    for refused in queries.runs_of_refusals(now):
        notices.raise_alert(
            kind=AlertKind.DELIVERIES_REFUSED,
            item=f"{refused.reason}:{now:%Y-%m-%d}",
            subject=str(refused.reason),
            mode=mode,
            now=now,
            facts={
                "reason": str(refused.reason),
                "words": refused.words,
                "times": refused.times,
                "last_at": f"{refused.last_at:%H:%M}",
            },
        )
