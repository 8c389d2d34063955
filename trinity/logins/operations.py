"""Writing down what people do with their logins, in the caller's transaction if there is one."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime

from kernel import hourly_counters
from kernel.hourly_counters import door_of, hour_of
from ledger.facts import FactValue
from ledger.operations import audit
from trinity.logins.enums import ACCESS_REFUSED, Refusal

logger = logging.getLogger(__name__)


def note(
    event: str, *, user_id: int, now: datetime, facts: Mapping[str, FactValue] | None = None
) -> None:
    """Append what a logged-in person did to the ledger, and to the log."""
    person = f"user:{user_id}"
    audit(actor_id=user_id, event=event, subject=person, facts=facts, now=now)
    logger.info(event, extra={"person": user_id, **(facts or {})})


def note_refused_access(*, user_id: int, view_name: str, now: datetime) -> None:
    """Append that a page was refused to a person: once per hour and page, however often asked."""
    door, person, hour = door_of(view_name), f"user:{user_id}", hour_of(now)
    entry = audit(
        actor_id=user_id,
        event=ACCESS_REFUSED,
        subject=person,
        refs=[door],
        now=now,
        key=f"audit:refused:{person}:{door}:{hour:%Y%m%dT%H}",
    )
    if entry.is_new:
        logger.warning(ACCESS_REFUSED, extra={"person": user_id, "door": door})


def count_refusal(refusal: Refusal, *, whose: str, now: datetime) -> None:
    """Count what somebody, perhaps a stranger, caused; a sweep writes the hour's count down."""
    hourly_counters.count(refusal.value, whose, now=now)
