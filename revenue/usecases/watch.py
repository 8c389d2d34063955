"""Raising the alarm when due work is not done, and taking it back when it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction

from kernel.modes import Mode
from revenue import queries
from revenue.enums import AlertKind
from revenue.models import OperatorAlert
from revenue.operations.alerts import close_alerts, raise_alert_about

ONE_WATCHER = "SELECT pg_advisory_xact_lock(hashtext('revenue.watch'))"


def watch(*, mode: Mode, now: datetime) -> Sequence[str]:
    """Raise one alert per kind of work that waits too long, and close those that no longer do.

    Likewise where deliveries to Stripe's door are refused one after the other.

    Returns what lags. While an alert about a kind of work stands, no second one is raised.
    """
    unanswered = queries.unanswered(now)
    lagging = {**queries.lagging(now), **unanswered}
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute(ONE_WATCHER)
        standing = OperatorAlert.objects.filter(kind=AlertKind.SWEEP_LAG, closed_at=None)
        subjects = set(standing.values_list("subject", flat=True))
        for what in subjects - set(lagging):
            close_alerts(subject=what, kind=AlertKind.SWEEP_LAG, now=now)
        for what in set(lagging) - subjects:
            since = now - timedelta(seconds=lagging[what])
            raise_alert_about(
                kind=AlertKind.SWEEP_LAG,
                item=f"{what}:{since.isoformat()}",
                subject=what,
                mode=mode,
                now=now,
                facts={
                    "what": what,
                    "oldest_s": int(lagging[what]),
                    "is_stripes": int(what in unanswered),
                },
            )
        _tell_refusals(mode=mode, now=now)
    return sorted(lagging)


def _tell_refusals(*, mode: Mode, now: datetime) -> None:
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
