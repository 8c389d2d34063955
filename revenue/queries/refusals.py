"""Deliveries that the webhook's door refused: how many, when last, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from revenue.enums import Refusal
from revenue.models import RefusedDeliveries

DAY: Final = timedelta(hours=24)
RUN_WITHIN: Final = timedelta(hours=1)
RUN_MIN: Final = 10  # so many within an hour are no accident
# Whoever finds the address may post anything to it; what is signed is meant for somebody.
SIGNED: Final = (Refusal.SECRET, Refusal.STALE, Refusal.BODY)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalTotal:
    """How often the door refused for one reason within a day."""

    reason: Refusal
    times: int
    last_at: datetime

    @property
    def is_signed(self) -> bool:
        """Say whether somebody signed it, so that it was meant for somebody."""
        return self.reason in SIGNED

    @property
    def words(self) -> str:
        """Return the reason in words."""
        return str(self.reason.label)


def refused_lately(now: datetime, *, within: timedelta = DAY) -> Sequence[RefusalTotal]:
    """Return what was refused within a day, by reason, newest first. One statement."""
    since = now - within
    found: dict[str, RefusalTotal] = {}
    rows = RefusedDeliveries.objects.filter(last_at__gte=since).order_by("-last_at")
    for row in rows:
        known = found.get(row.reason)
        found[row.reason] = RefusalTotal(
            reason=Refusal(row.reason),
            times=row.times + (known.times if known else 0),
            last_at=max(row.last_at, known.last_at) if known else row.last_at,
        )
    return list(found.values())


def runs_of_refusals(now: datetime) -> Sequence[RefusalTotal]:
    """Return the reasons for which signed deliveries were refused in a run that goes on."""
    lately = refused_lately(now, within=RUN_WITHIN)
    return [each for each in lately if each.reason in SIGNED and each.times >= RUN_MIN]
