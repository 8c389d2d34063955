"""Real money moves only where the environment, the account and an owner's word all say so."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from django.contrib.auth.models import User

from crm.enums import DealStage
from revenue import providers
from tests.factories.revenue import OfferFactory
from tests.toolrouter.agents import an_agent, database_now
from tests.toolrouter.approving.deciding import ask_for_link
from tests.toolrouter.spending.buying import NOBODY, Buyer, a_buyer, call_of, findings
from toolrouter.enums import CallState, CapScope
from toolrouter.exchanges.claim import claim
from toolrouter.queries.account import account_settings
from toolrouter.usecases.attest_provider import attest_provider
from toolrouter.usecases.change_safety import change_account_settings
from toolrouter.vocabulary import Code, Readiness, Status

pytestmark = pytest.mark.django_db


@pytest.fixture
def live(owner: User) -> Buyer:
    """Return a run with real money behind it, and wide caps."""
    buyer = a_buyer(owner, mode="live")
    buyer.caps()
    return buyer


def switch(**on: bool) -> None:
    wanted = replace(account_settings(), **on)
    change_account_settings(wanted=wanted, by=NOBODY, now=database_now())


def attest(owner: User, level: Readiness = Readiness.ATTESTED) -> None:
    attest_provider("manual", level=level, actor_id=owner.pk, now=database_now())


def open_all(owner: User, settings: Any) -> None:
    settings.LIVE_SPEND = True
    switch(spend_open=True)
    attest(owner)


def test_a_spend_needs_the_environment_the_account_and_an_owners_word(
    live: Buyer, owner: User, settings: Any
) -> None:
    said = {}
    for environment, account, is_attested in product([False, True], repeat=3):
        settings.LIVE_SPEND = environment
        switch(spend_open=account)
        attest(owner, Readiness.ATTESTED if is_attested else Readiness.CONFIGURED)
        said[environment, account, is_attested] = live.ask(1_00)

    assert {case for case, answer in said.items() if answer.status == Status.NEEDS_APPROVAL} == {
        (True, True, True)
    }
    for (environment, account, is_attested), answer in said.items():
        gate = [] if environment and account else [Code.GATE_CLOSED]
        ready = [] if is_attested else [Code.NOT_READY]
        assert list(answer.codes) == [*gate, *ready]
    assert findings() == []


def test_the_gate_of_outreach_opens_no_spend(live: Buyer, owner: User, settings: Any) -> None:
    settings.LIVE_OUTREACH = True
    switch(outreach_open=True)
    attest(owner)

    assert live.ask(1_00).codes == (Code.GATE_CLOSED,)


def test_gates_are_not_asked_where_nothing_real_moves(buyer: Buyer, settings: Any) -> None:
    buyer.caps()

    assert (settings.LIVE_SPEND, settings.LIVE_OUTREACH) == (False, False)
    assert buyer.ask(1_00).status == Status.NEEDS_APPROVAL


def test_an_open_gate_without_caps_spends_nothing(owner: User, settings: Any) -> None:
    open_all(owner, settings)
    without_caps = a_buyer(owner, mode="live")

    assert without_caps.ask(1_00).codes == (Code.NO_CAP,)

    without_caps.cap(CapScope.ACCOUNT, 10_00)  # one of three is none
    assert without_caps.ask(1_00).codes == (Code.NO_CAP,)


def close_environment(_owner: User, settings: Any) -> Code:
    settings.LIVE_SPEND = False
    return Code.GATE_CLOSED


def close_account(_owner: User, _settings: Any) -> Code:
    switch(spend_open=False)
    return Code.GATE_CLOSED


def take_the_word_back(owner: User, _settings: Any) -> Code:
    attest(owner, Readiness.CONFIGURED)
    return Code.NOT_READY


@pytest.mark.parametrize("close", [close_environment, close_account, take_the_word_back])
def test_what_was_closed_after_the_approval_is_denied_at_the_claim(
    live: Buyer, owner: User, settings: Any, close: Any
) -> None:
    open_all(owner, settings)
    answer = live.ask(1_00)
    moment = live.approve(answer)

    code = close(owner, settings)

    assert not claim(answer.action or "", now=moment)
    assert (call_of(answer).state, call_of(answer).codes) == (CallState.DENIED, [code])
    assert findings() == []


def test_the_environment_of_a_process_that_runs_already_opens_nothing(
    live: Buyer, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a test runner, or somebody with a debugger, sets later is not asked."""
    switch(spend_open=True, outreach_open=True)
    attest(owner)
    for name in ("LIVE_SPEND", "LIVE_OUTREACH", "TESTING", "CI", "PYTEST_CURRENT_TEST"):
        monkeypatch.setitem(os.environ, name, "1")

    assert live.ask(1_00).codes == (Code.GATE_CLOSED,)


class SaysItIsLive:
    """An adapter that somebody put in: it is at Stripe's own address, whatever anybody asks."""

    def base_address(self) -> str:
        return "https://api.stripe.com"

    def key_digest(self, _salt: str) -> str:
        return "0" * 64


def test_an_adapter_that_was_put_in_opens_no_gate_and_proves_nothing(
    owner: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.STRIPE_SECRET_KEY = "sk_sandbox_any"
    monkeypatch.setattr(providers, "_gateway", lambda *_: SaysItIsLive())
    agent = an_agent(stage=DealStage.QUALIFIED, offer_id=OfferFactory().pk, mode="live")

    assert ask_for_link(agent).codes == (Code.GATE_CLOSED, Code.NOT_READY)

    settings.LIVE_OUTREACH = True
    switch(outreach_open=True)
    assert ask_for_link(agent, key="again").codes == (Code.NOT_READY,)
