"""Alerts that stand while something lasts: work that waits, deliveries that are refused."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from kernel.modes import Mode
from revenue import queries
from revenue.enums import AlertKind
from revenue.models import OperatorAlert
from revenue.operations.alerts import close_alerts, raise_alert_about

ONE_WATCHER: Final = "SELECT pg_advisory_xact_lock(hashtext('revenue.watch'))"


def alert_to_lag(
    waits_s: Mapping[str, float], *, of_stripes: Container[str], mode: Mode, now: datetime
) -> None:
    """Let one alert stand for each kind of work in ``waits_s``, and for no other.

    ``waits_s`` is how many seconds each has waited; ``of_stripes`` are those kinds that wait for
    Stripe. One transaction at a time does this.
    """
    with connection.cursor() as cursor:
        cursor.execute(ONE_WATCHER)
    standing = OperatorAlert.objects.filter(kind=AlertKind.SWEEP_LAG, closed_at=None)
    subjects = set(standing.values_list("subject", flat=True))
    for what in subjects - set(waits_s):
        close_alerts(subject=what, kind=AlertKind.SWEEP_LAG, now=now)
    for what in set(waits_s) - subjects:
        since = now - timedelta(seconds=waits_s[what])
        raise_alert_about(
            kind=AlertKind.SWEEP_LAG,
            item=f"{what}:{since.isoformat()}",
            subject=what,
            mode=mode,
            now=now,
            facts={
                "what": what,
                "oldest_s": int(waits_s[what]),
                "is_stripes": int(what in of_stripes),
            },
        )


def alert_to_refusals(*, mode: Mode, now: datetime) -> None:
    """Raise the alarm about a run of refused deliveries: once a day for each reason."""
    for refused in queries.runs_of_refusals(now):
        raise_alert_about(
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
