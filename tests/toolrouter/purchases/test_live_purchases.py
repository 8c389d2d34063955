"""Somebody's real money: environment, the account's switch and an owner's word, all three."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.factories.crm import DealFactory
from tests.toolrouter.purchases.shopping import Shopper, a_shopper, buy
from tests.toolrouter.spending.buying import findings, reservation_of
from tests.toolrouter.spending.test_gates import attest, switch
from toolrouter.exchanges.approved import carry_out
from toolrouter.models import Purchase
from toolrouter.vocabulary import Code, Readiness, Status

pytestmark = pytest.mark.django_db


@pytest.fixture
def live(owner: User) -> Shopper:
    return a_shopper(owner, deal=DealFactory(mode="live"))


def open_gates(owner: User, settings: Any, *, spend: bool, account: bool, attested: bool) -> None:
    settings.LIVE_SPEND = spend
    switch(spend_open=account)
    attest(owner, Readiness.ATTESTED if attested else Readiness.CONFIGURED)


def test_each_one_that_is_missing_refuses_a_live_purchase(
    live: Shopper, owner: User, settings: Any
) -> None:
    for spend, account, attested in product([False, True], repeat=3):
        open_gates(owner, settings, spend=spend, account=account, attested=attested)

        answer = live.ask_for(what=f"Report {spend} {account} {attested}")

        gate = [] if spend and account else [Code.GATE_CLOSED]
        ready = [] if attested else [Code.NOT_READY]
        assert list(answer.codes) == [*gate, *ready]
        assert (answer.status == Status.NEEDS_APPROVAL) == (spend and account and attested)


def test_with_all_three_it_is_approved_handed_over_and_booked_as_live(
    live: Shopper, owner: User, operator: User, settings: Any
) -> None:
    open_gates(owner, settings, spend=True, account=True, attested=True)

    answer = live.ask_for()
    moment = live.approve(answer)
    assert carry_out(answer.action or "", clock=lambda: moment)
    purchase = Purchase.objects.get()
    buy(purchase, operator)

    held = reservation_of(answer)
    assert (purchase.mode, held.mode if held else "", held.state if held else "") == (
        *("live", "live"),
        "settled",
    )
    assert findings() == []


@pytest.mark.parametrize("missing", ["spend", "account", "attested"])
def test_what_is_closed_after_the_approval_is_not_handed_over(
    live: Shopper, owner: User, settings: Any, missing: str
) -> None:
    opened = {"spend": True, "account": True, "attested": True}
    open_gates(owner, settings, **opened)
    answer = live.ask_for()
    moment = live.approve(answer)
    open_gates(owner, settings, **opened | {missing: False})

    assert not carry_out(answer.action or "", clock=lambda: moment)
    assert not Purchase.objects.exists()
