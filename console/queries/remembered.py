"""Sums of days that are over: read once in a while, because they hardly ever change."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.core.cache import cache
from django.db import connection
from redis.exceptions import RedisError

from revenue import queries as revenue
from revenue.queries import DayTaking

logger = logging.getLogger(__name__)

KEPT_S: Final = 300  # a fact that is told late about an earlier day shows after this long


def takings(*, since: datetime, now: datetime) -> list[DayTaking]:
    """Return each day's sums since ``since`` in one statement: all of them, or today's only.

    Today is always read anew. Without Redis every day is.
    """
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    database = connection.settings_dict["NAME"]  # two stacks may share one Redis
    key = f"takings:{database}:{since:%Y-%m-%d}:{today:%Y-%m-%d}"
    past = _recall(key)
    if past is not None:
        fresh = revenue.takings_since(today)
        return [*past, *(fact for fact in fresh if fact.day is not None)]
    everything = revenue.takings_since(since)
    _remember(key, [fact for fact in everything if fact.day is None or fact.day < today.date()])
    return everything


def _recall(key: str) -> Sequence[DayTaking] | None:
    try:
        known: Sequence[DayTaking] | None = cache.get(key)
    except RedisError as error:
        logger.warning("nothing remembered", extra={"error": type(error).__name__})
        return None
    return known


def _remember(key: str, facts: Sequence[DayTaking]) -> None:
    try:
        cache.set(key, facts, timeout=KEPT_S)
    except RedisError as error:
        logger.warning("nothing remembered", extra={"error": type(error).__name__})
