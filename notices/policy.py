"""Decisions about messages that look nothing up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

ALERT_HOUR: Final = timedelta(hours=1)
ALERTS_ALONE_PER_HOUR: Final = 5  # what is more goes into one digest an hour
GATHERED_FOR: Final = timedelta(minutes=1)  # what begins to wait within it is one mail
UTC_NAME: Final = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """What one person of the team wants to hear, and when."""

    user_id: int
    muted: frozenset[str] = frozenset()
    time_zone: str = UTC_NAME
    quiet_from: time | None = None
    quiet_until: time | None = None
    deputy_id: int | None = None  # who stands in at the moment

    def wakes_at(self, now: datetime) -> datetime:
        """Return the first moment from ``now`` on that is outside of the quiet hours."""
        if self.quiet_from is None or self.quiet_until is None:
            return now
        here = now.astimezone(zone_of(self.time_zone))
        begins, ends, clock = self.quiet_from, self.quiet_until, here.time()
        is_quiet = begins <= clock < ends if begins < ends else clock >= begins or clock < ends
        if not is_quiet:
            return now
        day = here.date() if clock < ends else here.date() + timedelta(days=1)
        return datetime.combine(day, ends, tzinfo=here.tzinfo).astimezone(UTC)


def zone_of(name: str) -> ZoneInfo:
    """Return the time zone of that name; UTC where this machine knows none of it."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        return ZoneInfo(UTC_NAME)


def whom_to_tell(
    people: Sequence[Listener], *, kind: str, now: datetime, can_wait: bool
) -> dict[int, datetime]:
    """Return who is mailed that something of ``kind`` waits for ``people``, and from when on.

    Where all of them muted it all are told: what nobody hears of, nobody decides. Quiet hours hold
    back what ``can_wait`` only.
    """
    willing = [person for person in people if kind not in person.muted] or people
    return {person.user_id: person.wakes_at(now) if can_wait else now for person in willing}
