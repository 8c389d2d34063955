"""Writing down what people do with their logins, in the caller's transaction if there is one."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User

from kernel import hourly_counters
from kernel.hourly_counters import door_of, hour_of
from ledger.facts import FactValue
from ledger.operations import audit
from trinity.logins.enums import ACCESS_REFUSED, FACTOR_REMOVED, Proof, Refusal
from trinity.logins.queries.factors import factor_digest

logger = logging.getLogger(__name__)


def note(
    event: str, *, user_id: int, now: datetime, facts: Mapping[str, FactValue] | None = None
) -> None:
    """Append what a logged-in person did to the ledger, and to the log."""
    person = f"user:{user_id}"
    audit(actor_id=user_id, event=event, subject=person, facts=facts, now=now)
    logger.info(event, extra={"person": user_id, **(facts or {})})


def note_factor(
    event: str, authenticator: Authenticator, *, actor_id: int | None, now: datetime
) -> None:
    """Append that a person's second factor was added or removed, by the digest of which one."""
    facts: dict[str, FactValue] = {"factor": Proof(authenticator.type).value}
    if digest := factor_digest(authenticator):
        facts["factor_digest"] = digest
    person = f"user:{authenticator.user_id}"
    audit(actor_id=actor_id, event=event, subject=person, facts=facts, now=now)
    logger.info(event, extra={"person": authenticator.user_id, "factor": facts["factor"]})


def remove_factors(user: User, *, now: datetime) -> int:
    """Remove every second factor of a person from the shell, each with its entry; say how many."""
    factors = list(Authenticator.objects.filter(user=user).order_by("pk"))
    for factor in factors:
        note_factor(FACTOR_REMOVED, factor, actor_id=None, now=now)
        factor.delete()
    return len(factors)


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
