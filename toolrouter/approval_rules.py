"""Who decides about a call of each class, and within which times (product.md's matrix)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from django.conf import settings

from approvals.registry import Rule
from kernel.modes import Mode
from kernel.money import Money
from toolrouter.vocabulary import Risk

KIND_NAME: Final = "tool"  # of requests about tool calls
DECIDE_WITHIN: Final = timedelta(hours=24)  # unless an owner says otherwise on the safety page
PERMISSIONS: Final[Mapping[Risk, str]] = {
    Risk.OUTBOUND: "approvals.decide_outbound",
    Risk.SPEND: "approvals.decide_spend",
}


def people_needed(ceiling: Money | None, *, two_from: Money | None) -> int:
    """Return how many decide about a call that can cost so much.

    Two from the amount on that an owner set, and in any other currency than its; else one.
    """
    if ceiling is None or two_from is None:
        return 1
    is_same = ceiling.currency == two_from.currency
    return 1 if is_same and ceiling.amount_minor < two_from.amount_minor else 2


def rule_name(risk: Risk, *, mode: str, people: int = 1) -> str:
    """Return which rule a call falls under: class, how many decide, whether anything real moves."""
    parts = [str(risk), *(["two"] if people > 1 else []), *(["live"] if mode == Mode.LIVE else [])]
    return "_".join(parts)


def rules() -> Sequence[Rule]:
    """Return the rules of each class: where something real moves and where nothing does.

    Only where money is spent may two be needed.
    """
    holds_s = {Mode.LIVE: settings.APPROVAL_HOLD_LIVE_S, Mode.SANDBOX: settings.APPROVAL_HOLD_S}
    return [
        Rule(
            name=rule_name(risk, mode=mode, people=people),
            permission=permission,
            people=people,
            decide_within=DECIDE_WITHIN,
            hold=timedelta(seconds=hold_s),
            usable=timedelta(seconds=settings.APPROVAL_USABLE_S),
        )
        for risk, permission in PERMISSIONS.items()
        for people in ((1, 2) if risk.costs_money else (1,))
        for mode, hold_s in holds_s.items()
    ]
