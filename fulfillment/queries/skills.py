"""Which procedures a run's agent is given."""

from __future__ import annotations

from dataclasses import dataclass

from fulfillment.skills import shipped
from toolrouter.enums import RunKind


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenSkill:
    """A procedure as an agent reads it; its hash says which version that was."""

    name: str
    version: int
    sha256: str
    text: str


def skills_for(kind: RunKind) -> list[GivenSkill]:
    """Return the procedures for runs of that kind, by name. Asks no database."""
    return [
        GivenSkill(name=skill.name, version=skill.version, sha256=skill.sha256, text=skill.body)
        for skill in shipped()
        if kind in skill.kinds
    ]
