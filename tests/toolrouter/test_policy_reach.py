"""What keeps a call from its provider: gates to the real world, and what was never proved."""

from __future__ import annotations

import json
from itertools import product

import pytest

from kernel.modes import Mode
from tests.toolrouter.judging import ACTING, codes, facts
from toolrouter.policy import Gate, Verdict, replay
from toolrouter.vocabulary import Code, Decision, Readiness, Risk


@pytest.mark.parametrize("mode", Mode.values)
@pytest.mark.parametrize(("environment", "account"), list(product([False, True], [False, True])))
@pytest.mark.parametrize("risk", ACTING)
def test_a_gate_is_asked_in_live_mode_and_needs_both_keys(
    risk: Risk, environment: bool, account: bool, mode: str
) -> None:
    gate = Gate(environment=environment, account=account)
    asked = {Risk.OUTBOUND: "outreach", Risk.SPEND: "spend", Risk.PROVISIONING: "spend"}.get(risk)
    others = {asked: gate} if asked else {"outreach": gate, "spend": gate}

    is_closed = asked is not None and mode == "live" and not (environment and account)

    assert codes(risk, mode=mode, **others) == ([Code.GATE_CLOSED] if is_closed else [])


@pytest.mark.parametrize("risk", [Risk.OUTBOUND, Risk.SPEND, Risk.PROVISIONING])
def test_the_other_gate_opens_nothing(risk: Risk) -> None:
    shut = "spend" if risk.costs_money else "outreach"

    assert codes(risk, **{shut: Gate()}) == [Code.GATE_CLOSED]


@pytest.mark.parametrize("readiness", [None, *Readiness])
@pytest.mark.parametrize("risk", [Risk.OUTBOUND, Risk.SPEND, Risk.PROVISIONING])
def test_only_what_was_proved_live_serves_a_live_call(
    risk: Risk, readiness: Readiness | None
) -> None:
    expected = {
        Readiness.LIVE_VERIFIED: [],
        Readiness.ATTESTED: [],
        Readiness.NOT_CONFIGURED: [Code.NOT_CONFIGURED],
    }

    assert codes(risk, readiness=readiness) == expected.get(readiness, [Code.NOT_READY])


@pytest.mark.parametrize("readiness", list(Readiness))
@pytest.mark.parametrize(
    ("mode", "enough"),
    [
        ("test", {Readiness.TEST_VERIFIED, Readiness.LIVE_VERIFIED, Readiness.ATTESTED}),
        ("sandbox", set(Readiness) - {Readiness.CONFIGURED, Readiness.SECRET_STORED}),
        ("sample", set(Readiness)),
    ],
)
def test_elsewhere_a_provider_was_proved_there(
    mode: str, enough: set[Readiness], readiness: Readiness
) -> None:
    is_absent = readiness == Readiness.NOT_CONFIGURED
    expected = (
        [Code.NOT_CONFIGURED] if is_absent else [] if readiness in enough else [Code.NOT_READY]
    )

    assert codes(Risk.SPEND, mode=mode, readiness=readiness) == expected


@pytest.mark.parametrize("mode", ["test", "sandbox"])
def test_where_nothing_real_moves_what_nobody_can_be_asked_about_will_do(mode: str) -> None:
    assert codes(Risk.SPEND, mode=mode, readiness=None) == []


@pytest.mark.parametrize("mode", ["test", "sandbox"])
def test_the_first_rules_still_say_of_old_calls_what_they_said(mode: str) -> None:
    unproved = facts(Risk.OUTBOUND, mode=mode, readiness=Readiness.SECRET_STORED)

    assert replay(json.dumps(unproved.stored()), version=1) == Verdict(Decision.NEEDS_APPROVAL)
    assert replay(json.dumps(unproved.stored()), version=2).codes == (Code.NOT_READY,)
