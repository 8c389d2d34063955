"""What the policy decided a call from, in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from kernel.money import Money
from toolrouter import caps
from toolrouter.enums import POSTURES, RUN_KINDS
from toolrouter.policy import CapFact, Facts, Gate
from toolrouter.vocabulary import Risk

Line = tuple[str, str]
AGAINST: Final[Mapping[str, str]] = {
    "is_stopped": "stopped",
    "is_held": "on hold",
    "is_frozen": "paused",
    "is_past_deadline": "past the deadline",
    "is_recently_refused": "refused within the last hour",
}


def decided_from(stored: Mapping[str, Any] | None, *, currency: str) -> list[Line]:
    """Return the facts of a decision as labels and values; of another version as they were kept.

    ``currency`` is the call's, "" where it moves no money or none was planned.
    """
    if stored is None:
        return []
    try:
        facts = Facts.of_stored(json.dumps(stored))
    except ValidationError:
        return [(name.replace("_", " "), json.dumps(value)) for name, value in stored.items()]
    return [
        ("Kind of run", dict(RUN_KINDS)[facts.run_kind]),
        *_posture(facts),
        *_against(facts),
        *_gates(facts),
        *_readiness(facts),
        *_money(facts, currency),
        *_people(facts),
    ]


def _posture(facts: Facts) -> list[Line]:
    names = ("Account", "Project")
    words = dict(POSTURES)
    return [
        (f"Posture: {name.lower()}", words[posture])
        for name, posture in zip(names, facts.postures, strict=False)
    ]


def _against(facts: Facts) -> list[Line]:
    stood = [words for name, words in AGAINST.items() if getattr(facts, name)]
    return [("At that time", ", ".join(stood) if stood else "not stopped, held or paused")]


def _gates(facts: Facts) -> list[Line]:
    if facts.risk == Risk.OUTBOUND:
        return [("Outreach", _gate(facts.outreach))]
    return [("Spend", _gate(facts.spend))] if facts.risk and facts.risk.costs_money else []


def _gate(gate: Gate) -> str:
    here, account = ("on" if each else "off" for each in (gate.environment, gate.account))
    return f"server {here}, account {account} (live only)"


def _readiness(facts: Facts) -> list[Line]:
    if facts.readiness is None:
        return []
    return [("Provider", facts.readiness.value.replace("_", " "))]


def _money(facts: Facts, currency: str) -> list[Line]:
    def said(minor: int) -> str:
        return Money(minor, currency).figure() if currency else f"{minor} (minor units)"

    def left(cap: CapFact) -> str:
        counted, headroom = said(cap.counted_minor), said(cap.headroom_minor)
        return f"{said(cap.limit_minor)}, {counted} used, {headroom} left"

    lines = [(f"Cap: {caps.words(cap.scope, cap.window).lower()}", left(cap)) for cap in facts.caps]
    if facts.ceiling_minor is not None:
        lines.insert(0, ("Costs at most", said(facts.ceiling_minor)))
    if (funding := facts.funding) is not None:
        share = f"{funding.share_percent}% of {said(funding.funded_minor)}"
        lines.append(("Share of what was paid", f"{share}, {said(funding.run_minor)} used"))
    return lines


def _people(facts: Facts) -> list[Line]:
    if facts.people is None:
        return []
    return [("People", f"{facts.people.needed} must approve, {facts.people.eligible} may")]
