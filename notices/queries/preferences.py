"""What people of the team chose to hear, as pages and senders ask it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Final
from zoneinfo import available_timezones

from django.contrib.auth import get_user_model

from kernel.people import name_of
from notices.models import NoticePreference
from notices.outbox.kinds import known
from notices.policy import UTC_NAME, Listener, zone_of

CHOOSES: Final = "notices.view_noticepreference"  # whoever holds it has a page of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One person's choice, as its page shows it."""

    muted: tuple[str, ...] = ()
    time_zone: str = UTC_NAME
    quiet_from: time | None = None
    quiet_until: time | None = None
    deputy_id: int | None = None
    deputy_from: datetime | None = None
    deputy_until: datetime | None = None


def choice_of(user_id: int) -> Choice:
    """Return what this person chose. One statement."""
    row = NoticePreference.objects.filter(user_id=user_id).first()
    if row is None:
        return Choice()
    return Choice(
        muted=tuple(row.muted),
        time_zone=row.time_zone,
        quiet_from=row.quiet_from,
        quiet_until=row.quiet_until,
        deputy_id=row.deputy_id,
        deputy_from=row.deputy_from,
        deputy_until=row.deputy_until,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A person's own time; ``zone`` is "" where they did not say which."""

    zone: str

    def says(self, at: datetime) -> str:
        """Return a moment by this clock: ``1 Dec 2026, 07:44 in Europe/Berlin``; "" for none."""
        if not self.zone:
            return ""
        here = at.astimezone(zone_of(self.zone))
        return f"{here.day} {here:%b %Y, %H:%M} in {self.zone.replace('_', ' ')}"


def clock_of(user_id: int) -> Clock:
    """Return this person's clock. One statement."""
    zones = NoticePreference.objects.filter(user_id=user_id).exclude(time_zone=UTC_NAME)
    return Clock(zone=zones.values_list("time_zone", flat=True).first() or "")


def listeners(user_ids: Iterable[int], *, now: datetime) -> list[Listener]:
    """Return what these people want to hear, in their order. One statement."""
    wanted = list(user_ids)
    rows = {row.user_id: row for row in NoticePreference.objects.filter(user_id__in=wanted)}
    return [_listener(user_id, rows.get(user_id), now=now) for user_id in wanted]


def principals_of(user_id: int, *, now: datetime) -> list[int]:
    """Return for whom this person stands in at the moment. One statement."""
    away = NoticePreference.objects.filter(
        deputy_id=user_id, deputy_from__lte=now, deputy_until__gt=now, user__is_active=True
    )
    return list(away.order_by("user_id").values_list("user_id", flat=True))


def possible_deputies(user_id: int) -> list[tuple[int, str]]:
    """Return who may stand in for this person, by name. A few rows."""
    people = get_user_model().objects.with_perm(CHOOSES).exclude(pk=user_id)
    return sorted(((each.pk, name_of(each)) for each in people), key=lambda one: one[1])


def mutable_kinds() -> list[tuple[str, str]]:
    """Return the kinds of mails that a person may do without, and what they are called."""
    return [(kind.id, kind.words) for kind in known().values() if kind.can_be_muted]


def time_zones() -> Sequence[str]:
    """Return the time zones that this machine knows, by name; UTC first."""
    places = sorted(name for name in available_timezones() if "/" in name and name[:4] != "Etc/")
    return [UTC_NAME, *places]


def _listener(user_id: int, row: NoticePreference | None, *, now: datetime) -> Listener:
    if row is None:
        return Listener(user_id=user_id)
    is_away = (
        row.deputy_from is not None
        and row.deputy_until is not None
        and row.deputy_from <= now < row.deputy_until
    )
    return Listener(
        user_id=user_id,
        muted=frozenset(row.muted),
        time_zone=row.time_zone,
        quiet_from=row.quiet_from,
        quiet_until=row.quiet_until,
        deputy_id=row.deputy_id if is_away else None,
    )
