"""Facts of a call under which nothing stands against it, for tests that say what does."""

from __future__ import annotations

from typing import Any

from toolrouter.caps import Scope, Window
from toolrouter.policy import CapFact, Facts, Gate, People, judge
from toolrouter.vocabulary import Code, Decision, Posture, Readiness, Risk, RunKind

ACTING = [risk for risk in Risk if risk != Risk.FORBIDDEN]
OPEN = Gate(environment=True, account=True)


def cap(
    scope: Scope, *, limit: int = 100_00, counted: int = 0, window: Window = Window.LIFETIME
) -> CapFact:
    return CapFact(scope=scope, window=window, limit_minor=limit, counted_minor=counted)


CAPS = tuple(cap(scope) for scope in Scope)


def facts(risk: Risk, **others: Any) -> Facts:
    """Return facts under which nothing stands against a call of this class, but for ``others``."""
    said: dict[str, Any] = {
        "operation": "some.operation",
        "risk": risk,
        "run_kind": RunKind.FULFILMENT,
        "mode": "live",
        "postures": (Posture.NORMAL, Posture.NORMAL),
    }
    if risk.needs_person:
        said |= {
            "outreach": OPEN,
            "spend": OPEN,
            "readiness": Readiness.LIVE_VERIFIED,
            "people": People(needed=1, eligible=1),
        }
    if risk.costs_money:
        said |= {"ceiling_minor": 49_00, "caps": CAPS}
    return Facts(**{**said, **others})


def codes(risk: Risk, **others: Any) -> list[Code]:
    verdict = judge(facts(risk, **others))
    assert (verdict.decision == Decision.DENY) == bool(verdict.codes)
    return list(verdict.codes)
