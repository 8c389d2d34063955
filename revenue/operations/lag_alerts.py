"""Alerts that stand while something lasts: work that waits, deliveries that are refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from kernel import due_work
from kernel.modes import Mode
from revenue import queries
from revenue.enums import AlertKind
from revenue.models import OperatorAlert
from revenue.operations.alerts import close_alerts, raise_alert_about

ONE_WATCHER: Final = "SELECT pg_advisory_xact_lock(hashtext('revenue.watch'))"


def alert_to_lag(late_s: Mapping[str, float], *, mode: Mode, now: datetime) -> None:
    """Let one alert stand for each kind of due work in ``late_s``, and for no other.

    ``late_s`` is how many seconds each has waited, by its id. One transaction at a time does this.
    """
    kinds = due_work.known()
    with connection.cursor() as cursor:
        cursor.execute(ONE_WATCHER)
    standing = OperatorAlert.objects.filter(kind=AlertKind.SWEEP_LAG, closed_at=None)
    subjects = set(standing.values_list("subject", flat=True))
    for work in subjects - set(late_s):
        close_alerts(subject=work, kind=AlertKind.SWEEP_LAG, now=now)
    for work in set(late_s) - subjects:
        since = now - timedelta(seconds=late_s[work])
        raise_alert_about(
            kind=AlertKind.SWEEP_LAG,
            item=f"{work}:{since.isoformat()}",
            subject=work,
            mode=mode,
            now=now,
            facts={
                "what": kinds[work].words,
                "oldest_s": int(late_s[work]),
                "is_stripes": int(kinds[work].vendor == "Stripe"),
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
