"""What was counted of views of offers, from Redis into the database: once a minute, by a sweep."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date
from typing import Final

from django.db import transaction
from redis.exceptions import RedisError

from kernel.counters import count_up, take_counts
from kernel.modes import Mode
from revenue.models import Offer, OfferViews

logger = logging.getLogger(__name__)

COUNTER: Final = "offer_views"
AGENT_CHARS: Final = 300
# Machines that say so. Whoever hides it counts as a visitor.
MACHINES: Final = (
    *("bot", "crawl", "spider", "slurp", "preview", "fetch", "monitor", "headless", "scan"),
    *("curl", "wget", "python", "java/", "go-http", "libwww", "http-client", "okhttp"),
)


def is_machine(user_agent: str) -> bool:
    """Say whether a browser calls itself a machine, or nothing at all."""
    agent = user_agent[:AGENT_CHARS].lower()
    return not agent or any(word in agent for word in MACHINES)


def count_view(*, offer_id: int, mode: Mode, day: date) -> None:
    """Count one view of an offer, in Redis alone. Nothing about the visitor is kept."""
    count_up(COUNTER, f"{mode}:{offer_id}:{day.isoformat()}")


def keep_views() -> int:
    """Add what was counted since the last time to the days it belongs to; say how many counters.

    Counts that are being kept when a worker dies may be kept twice; those that Redis loses are
    lost. With Redis away there is nothing to keep.
    """
    try:
        return take_counts(COUNTER, _keep)
    except RedisError as error:
        logger.warning("views not kept", extra={"error": type(error).__name__})
        return 0


def _keep(counts: Mapping[str, int]) -> None:
    read = [_read(name, times) for name, times in counts.items()]
    known = set(Offer.objects.values_list("pk", flat=True))
    with transaction.atomic(durable=True):
        for mode, offer_id, day, times in sorted(read):
            if offer_id in known:
                OfferViews.add(offer_id=offer_id, mode=mode, day=day, times=times)


def _read(name: str, times: int) -> tuple[str, int, date, int]:
    mode, offer_id, day = name.split(":")
    return mode, int(offer_id), date.fromisoformat(day), times
