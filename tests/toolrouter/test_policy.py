"""What follows from the facts of a call: each reason by itself, and what holds for all of them."""

from __future__ import annotations

import json
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kernel.modes import Mode
from tests.toolrouter.judging import ACTING, CAPS, cap, codes, facts
from toolrouter.caps import Scope, Window
from toolrouter.policy import (
    GOES_ON,
    GRANTED,
    VERSION,
    CapFact,
    Facts,
    Funding,
    Gate,
    People,
    UnknownVersion,
    judge,
    replay,
)
from toolrouter.vocabulary import (
    Code,
    Decision,
    Posture,
    Readiness,
    Risk,
    RunKind,
    most_severe_first,
)


@pytest.mark.parametrize(
    ("risk", "decision"),
    [
        (Risk.READ, Decision.ALLOW),
        (Risk.DRAFT, Decision.ALLOW),
        (Risk.INTERNAL_WRITE, Decision.ALLOW),
        (Risk.OUTBOUND, Decision.NEEDS_APPROVAL),
        (Risk.SPEND, Decision.NEEDS_APPROVAL),
        (Risk.PROVISIONING, Decision.NEEDS_APPROVAL),
        (Risk.FORBIDDEN, Decision.DENY),
    ],
)
def test_where_nothing_stands_against_it_the_class_decides(risk: Risk, decision: Decision) -> None:
    assert judge(facts(risk)).decision == decision


@pytest.mark.parametrize("mode", Mode.values)
@pytest.mark.parametrize("kind", list(RunKind))
def test_what_is_forbidden_is_denied_in_each_mode_and_run(kind: RunKind, mode: str) -> None:
    assert codes(Risk.FORBIDDEN, run_kind=kind, mode=mode) == [Code.FORBIDDEN_OPERATION]


# product.md's table, word for word: what is denied under each posture.
DENIED_UNDER = {
    Posture.NORMAL: "",
    Posture.DRAFT_ONLY: "outbound spend provisioning",
    Posture.READ_ONLY: "draft internal_write outbound spend provisioning",
    Posture.HOLD: "read draft internal_write outbound spend provisioning",
}


@pytest.mark.parametrize(("account", "project"), list(product(Posture, Posture)))
@pytest.mark.parametrize("risk", ACTING)
def test_the_strictest_posture_holds(risk: Risk, account: Posture, project: Posture) -> None:
    is_denied = risk in f"{DENIED_UNDER[account]} {DENIED_UNDER[project]}".split()

    said = codes(risk, postures=(account, project))

    assert bool(said) == is_denied
    assert (Code.HOLD in said) == (Posture.HOLD in (account, project))


def test_every_posture_and_run_has_its_row() -> None:
    assert GOES_ON.keys() == set(Posture)
    assert GRANTED.keys() == set(RunKind)


@pytest.mark.parametrize(
    ("kind", "never"),
    [
        (RunKind.SALES, {Risk.SPEND, Risk.PROVISIONING}),
        (RunKind.FULFILMENT, set()),
        (RunKind.TRIAL, {Risk.OUTBOUND, Risk.SPEND, Risk.PROVISIONING}),
    ],
)
@pytest.mark.parametrize("risk", ACTING)
def test_a_run_is_granted_what_its_kind_is_for(kind: RunKind, never: set[Risk], risk: Risk) -> None:
    assert codes(risk, run_kind=kind) == ([Code.NOT_GRANTED] if risk in never else [])


@pytest.mark.parametrize(
    ("fact", "code"),
    [
        ("is_stopped", Code.STOPPED),
        ("is_held", Code.HOLD),
        ("is_frozen", Code.FROZEN),
        ("is_past_deadline", Code.DEADLINE),
        ("is_recently_refused", Code.RECENTLY_REFUSED),
    ],
)
@pytest.mark.parametrize("risk", ACTING)
@pytest.mark.parametrize("mode", Mode.values)
def test_what_stands_still_denies_every_class_in_every_mode(
    risk: Risk, fact: str, code: Code, mode: str
) -> None:
    assert codes(risk, mode=mode, **{fact: True}) == [code]


@pytest.mark.parametrize("code", list(Code))
@pytest.mark.parametrize("risk", list(Risk))
def test_what_was_found_denies(risk: Risk, code: Code) -> None:
    assert code in codes(risk, found=(code,))


MONEY = [Risk.SPEND, Risk.PROVISIONING]


@pytest.mark.parametrize("risk", MONEY)
@pytest.mark.parametrize("there", [c for n in range(3) for c in product(Scope, repeat=n)])
def test_a_spend_needs_a_cap_of_account_project_and_run(
    risk: Risk, there: tuple[Scope, ...]
) -> None:
    assert codes(risk, caps=tuple(cap(scope) for scope in there)) == [Code.NO_CAP]


@pytest.mark.parametrize("risk", MONEY)
@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("window", list(Window))
@pytest.mark.parametrize(("ceiling", "over"), [(10, False), (11, True), (0, False)])
def test_a_spend_fits_with_its_whole_ceiling_under_every_cap(
    risk: Risk, scope: Scope, window: Window, ceiling: int, over: bool
) -> None:
    tight = cap(scope, limit=10_00, counted=9_90, window=window)

    said = codes(risk, caps=(*CAPS, tight), ceiling_minor=ceiling)

    assert said == ([Code.OVER_CAP] if over else [])


@pytest.mark.parametrize(
    ("funding", "said"),
    [
        (None, []),
        (Funding(share_percent=100, funded_minor=49_00, run_minor=0), []),
        (Funding(share_percent=100, funded_minor=48_99, run_minor=0), [Code.FUNDING]),
        (Funding(share_percent=50, funded_minor=98_00, run_minor=0), []),
        (Funding(share_percent=50, funded_minor=98_00, run_minor=1), [Code.FUNDING]),
        (Funding(share_percent=100, funded_minor=0, run_minor=0), [Code.FUNDING]),
    ],
)
def test_a_share_of_the_funding_bounds_a_run_where_one_is_set(
    funding: Funding | None, said: list[Code]
) -> None:
    assert codes(Risk.SPEND, funding=funding) == said


def test_what_costs_nothing_asks_no_cap() -> None:
    no_money = Funding(share_percent=1, funded_minor=0, run_minor=0)

    assert codes(Risk.OUTBOUND, caps=(), funding=no_money, ceiling_minor=10**12) == []


def test_a_spend_whose_ceiling_nobody_could_tell_is_denied() -> None:
    assert codes(Risk.SPEND, ceiling_minor=None) == [Code.MALFORMED]
    assert codes(Risk.SPEND, ceiling_minor=None, found=(Code.NOT_FOUND,)) == [Code.NOT_FOUND]


@pytest.mark.parametrize(
    ("needed", "eligible", "is_enough"),
    [(1, 1, True), (1, 0, False), (2, 1, False), (2, 2, True), (0, 5, False), (-1, 5, False)],
)
@pytest.mark.parametrize("risk", [risk for risk in Risk if risk.needs_person])
def test_enough_people_must_be_there_and_nobody_is_never_enough(
    risk: Risk, needed: int, eligible: int, is_enough: bool
) -> None:
    said = codes(risk, people=People(needed=needed, eligible=eligible))

    assert said == ([] if is_enough else [Code.NO_APPROVER])
    assert codes(risk, people=None) == [Code.NO_APPROVER]


def test_all_reasons_are_told_the_most_severe_first() -> None:
    said = codes(
        Risk.SPEND,
        is_frozen=True,
        is_stopped=True,
        postures=(Posture.DRAFT_ONLY, Posture.HOLD),
        spend=Gate(environment=True),
        readiness=Readiness.TEST_VERIFIED,
        caps=(cap(Scope.RUN, limit=0),),
        found=(Code.SHOWN_TEXT, Code.MALFORMED),
        people=None,
    )

    assert said == [
        Code.MALFORMED,
        Code.STOPPED,
        Code.HOLD,
        Code.FROZEN,
        Code.POSTURE,
        Code.GATE_CLOSED,
        Code.NOT_READY,
        Code.SHOWN_TEXT,
        Code.NO_CAP,
        Code.OVER_CAP,
        Code.NO_APPROVER,
    ]


def test_a_reason_is_told_once() -> None:
    assert most_severe_first([Code.HOLD, Code.MALFORMED, Code.HOLD]) == (Code.MALFORMED, Code.HOLD)


amounts = st.integers(-(10**12), 10**12)
any_caps = st.builds(
    CapFact,
    scope=st.sampled_from(Scope),
    window=st.sampled_from(Window),
    limit_minor=amounts,
    counted_minor=amounts,
)
any_facts = st.builds(
    Facts,
    operation=st.just("some.operation"),
    risk=st.sampled_from(Risk),
    run_kind=st.sampled_from(RunKind),
    mode=st.sampled_from(Mode.values),
    found=st.lists(st.sampled_from(Code), max_size=2).map(tuple),
    is_stopped=st.booleans(),
    is_held=st.booleans(),
    is_frozen=st.booleans(),
    is_past_deadline=st.booleans(),
    is_recently_refused=st.booleans(),
    postures=st.lists(st.sampled_from(Posture), max_size=3).map(tuple),
    outreach=st.builds(Gate, environment=st.booleans(), account=st.booleans()),
    spend=st.builds(Gate, environment=st.booleans(), account=st.booleans()),
    readiness=st.none() | st.sampled_from(Readiness),
    ceiling_minor=st.none() | st.integers(0, 10**12),
    caps=st.lists(any_caps, max_size=5).map(tuple),
    funding=st.none()
    | st.builds(
        Funding, share_percent=st.integers(1, 100), funded_minor=amounts, run_minor=amounts
    ),
    people=st.none() | st.builds(People, needed=st.integers(-1, 2), eligible=st.integers(0, 3)),
)


@given(any_facts)
def test_what_needs_a_person_is_never_simply_allowed(any_of_them: Facts) -> None:
    decision = judge(any_of_them).decision

    assert decision != Decision.ALLOW or not any_of_them.risk.needs_person
    assert decision == Decision.DENY or any_of_them.risk != Risk.FORBIDDEN


@given(any_facts)
def test_a_denial_has_reasons_in_order_and_nothing_else_has(any_of_them: Facts) -> None:
    verdict = judge(any_of_them)

    assert (verdict.decision == Decision.DENY) == bool(verdict.codes)
    assert verdict.codes == most_severe_first(verdict.codes)
    assert set(any_of_them.found) <= set(verdict.codes)


@given(any_facts, st.sampled_from(["is_stopped", "is_held", "is_frozen", "is_past_deadline"]))
def test_one_more_reason_against_it_loosens_nothing(any_of_them: Facts, fact: str) -> None:
    stricter = judge(any_of_them.model_copy(update={fact: True}))

    assert stricter.decision == Decision.DENY
    assert set(judge(any_of_them).codes) <= set(stricter.codes)


@given(any_facts)
def test_a_decision_is_made_again_from_what_was_stored(any_of_them: Facts) -> None:
    stored = json.dumps(any_of_them.stored())

    assert Facts.of_stored(stored) == any_of_them
    assert replay(stored, version=VERSION) == judge(any_of_them)


def test_rules_that_are_gone_replay_nothing() -> None:
    with pytest.raises(UnknownVersion):
        replay(json.dumps(facts(Risk.READ).stored()), version=VERSION + 1)


@pytest.mark.parametrize(
    "change",
    [
        {"risk": "harmless"},
        {"is_stopped": "false"},
        {"is_stopped": 0},
        {"ceiling_minor": "4900"},
        {"ceiling_minor": 49.0},
        {"ceiling_minor": True},
        {"is_approved": True},
        {"mode": "LIVE"},
    ],
    ids=str,
)
def test_stored_facts_are_read_strictly(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Facts.of_stored(json.dumps(facts(Risk.SPEND).stored() | change))
