"""How the agent's runtime stands, as pages and ``doctor`` say it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from fulfillment.enums import RuntimeState
from fulfillment.models import RuntimeStatus
from kernel.state_words import OperatorWords

FAULTS = {
    "toolset": "a set of tools is on: {about}",
    "skill": "it has a skill: {about}",
    "lane": "{about} has not listed our tools since its seat was made",
    "no_seats": "it has no seats",
    "key_refused": "it refuses our key",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeNow:
    """How it was found last, and by name what speaks against giving it work."""

    is_ready: bool
    words: OperatorWords
    faults: tuple[str, ...]
    since: datetime


def runtime_now() -> RuntimeNow | None:
    """Return how it stands; None where none is set up, or nobody has looked. One statement."""
    row = RuntimeStatus.objects.first() if settings.AGENT.url else None
    if row is None:
        return None
    return RuntimeNow(
        is_ready=row.status == RuntimeState.READY,
        words=row.words,
        faults=tuple(
            FAULTS.get(fault["code"], fault["code"]).format(about=fault["about"])
            for fault in row.faults
        ),
        since=row.since,
    )
