"""Who decides about a call of each class, and within which times (product.md's matrix)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from django.conf import settings

from approvals.registry import Rule
from kernel.modes import Mode
from toolrouter.vocabulary import Risk

KIND_NAME: Final = "tool"  # of requests about tool calls
DECIDE_WITHIN: Final = timedelta(hours=24)  # unless an owner says otherwise on the safety page
PERMISSIONS: Final[Mapping[Risk, str]] = {Risk.OUTBOUND: "approvals.decide_outbound"}


def rule_name(risk: Risk, *, mode: str) -> str:
    """Return which rule a call falls under: its class, and whether anything real moves."""
    return f"{risk}_live" if mode == Mode.LIVE else str(risk)


def rules() -> Sequence[Rule]:
    """Return one rule for each class where something real moves, and one where nothing does."""
    holds_s = {Mode.LIVE: settings.APPROVAL_HOLD_LIVE_S, Mode.SANDBOX: settings.APPROVAL_HOLD_S}
    return [
        Rule(
            name=rule_name(risk, mode=mode),
            permission=permission,
            people=1,
            decide_within=DECIDE_WITHIN,
            hold=timedelta(seconds=hold_s),
            usable=timedelta(seconds=settings.APPROVAL_USABLE_S),
        )
        for risk, permission in PERMISSIONS.items()
        for mode, hold_s in holds_s.items()
    ]
