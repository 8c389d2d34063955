"""Sums of days that are over: read once in a while, because they hardly ever change."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.core.cache import cache
from django.db import connection
from redis.exceptions import RedisError

from kernel.money import Money
from revenue import queries as revenue
from revenue.enums import RevenueKind
from revenue.queries import DayTotal

logger = logging.getLogger(__name__)

KEPT_S: Final = 300  # what commits behind a newer fact's back shows after this long
EVERYTHING: Final = 2**63 - 1  # no fact has a higher id: none is late where all are read


@dataclass(frozen=True, slots=True, kw_only=True)
class PastTotals:
    """The sums of the days before today, with every fact up to ``newest_id``."""

    facts: Sequence[DayTotal]
    newest_id: int


def daily_totals(*, since: datetime, now: datetime) -> list[DayTotal]:
    """Return each day's sums since ``since`` in one statement: all of them, or what is new.

    Today, what was told since about earlier days, and what nobody has ruled to be ours are
    always read anew. Without Redis every day is.
    """
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    database = connection.settings_dict["NAME"]  # two stacks may share one Redis
    key = f"daily-totals:{database}:{since:%Y-%m-%d}:{today:%Y-%m-%d}:by-id"
    past = _recall(key)
    read = revenue.daily_totals(
        since=since,
        fresh_since=today if past else since,
        known_id=past.newest_id if past else EVERYTHING,
    )
    if past is None:
        before_today = [fact for fact in read.fresh if fact.day is None or fact.day < today.date()]
        _remember(key, PastTotals(facts=before_today, newest_id=read.newest_id))
        return [*read.fresh, *read.aside]
    if read.late:
        past = PastTotals(facts=[*past.facts, *read.late], newest_id=read.newest_id)
        _remember(key, past)
    return [*past.facts, *read.fresh, *read.aside]


def _recall(key: str) -> PastTotals | None:
    try:
        return _unpacked(cache.get(key))
    except RedisError as error:
        logger.warning("nothing remembered", extra={"error": type(error).__name__})
        return None


def _remember(key: str, past: PastTotals) -> None:
    try:
        cache.set(key, _packed(past), timeout=KEPT_S)
    except RedisError as error:
        logger.warning("nothing remembered", extra={"error": type(error).__name__})


def _packed(past: PastTotals) -> dict[str, Any]:
    """Return ``past`` as JSON can say it."""
    rows = [
        [
            *(fact.mode, fact.currency, fact.day and fact.day.isoformat(), fact.kind),
            *(fact.amount.amount_minor, fact.times),
        ]
        for fact in past.facts
    ]
    return {"newest_id": past.newest_id, "facts": rows}


def _unpacked(known: object) -> PastTotals | None:
    """Return what ``_packed`` packed, or None where it is anything else."""
    if not isinstance(known, dict):
        return None
    try:
        facts = [
            DayTotal(
                mode=mode,
                currency=currency,
                day=day and date.fromisoformat(day),
                kind=kind and RevenueKind(kind),
                amount=Money(minor, currency),
                times=times,
            )
            for mode, currency, day, kind, minor, times in known["facts"]
        ]
        return PastTotals(facts=facts, newest_id=int(known["newest_id"]))
    except (LookupError, TypeError, ValueError):
        return None
