"""What may be done is done: no denial of anything legitimate, alone and many at once.

One person runs the company: she is the only one who may say yes, and says it.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest
from django.contrib.auth.models import User
from django.db import connection

from crm.enums import DealStage
from crm.models import Activity
from ledger.queries import compare_rows
from revenue.models import Offer, PaymentLink
from tests.factories.people import make_person
from tests.factories.revenue import OfferFactory
from tests.factories.toolrouter import prove_stripe
from tests.outside import _outside, outside, pages_use_outside
from tests.sandbox.running_sandbox import RunningSandbox
from tests.toolrouter.agents import Agent, an_agent
from tests.toolrouter.approving.deciding import approve, ask_for_link, at, at_stripe
from tests.toolrouter.purchases.shopping import a_shopper, buy
from toolrouter.answers import Answer
from toolrouter.exchanges.approved import carry_out
from toolrouter.models import Purchase, ToolCall

__all__ = ["_outside", "outside", "pages_use_outside"]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("pages_use_outside"),
]
AGENTS: Final = 4
Said = list[Answer]


@pytest.fixture
def owner() -> User:
    """The whole company."""
    return make_person("owner")


@pytest.fixture
def offer() -> Offer:
    prove_stripe()
    return OfferFactory()


def a_sales_agent(offer: Offer) -> Agent:
    return an_agent(stage=DealStage.QUALIFIED, offer_id=offer.pk)


def within_the_house(agent: Agent) -> Said:
    """Do all that needs nobody: eight actions."""
    deal = {"deal": agent.deal.reference}
    step = {**deal, "step": "call", "why": "They asked for a date."}
    noted = agent.note("They asked twice.", key="n1")
    return [
        agent.read("read_lead", deal),
        noted,
        agent.note("They asked thrice.", key="n2"),
        agent.note("They asked twice.", key="n1"),  # the very same call
        agent.propose("crm.recommend_next_step", step, key="s1"),
        agent.propose("crm.read_lead", deal, key="r1"),
        agent.read("read_lead", deal, run=agent.credential.run_code.lower()),
        agent.get_action(noted.action),
    ]


def sells_a_link(agent: Agent, owner: User) -> Said:
    """Ask for a link, have it approved and made, and hear so: three actions."""
    asked = ask_for_link(agent)
    moment = approve(asked, owner)
    waits = agent.get_action(asked.action)
    assert carry_out(asked.action or "", clock=at(moment))
    return [asked, waits, agent.get_action(asked.action)]


def has_it_bought(owner: User) -> Said:
    """Ask for two purchases, one to the last cent of the cap, and have both bought: four."""
    shopper = a_shopper(owner)
    shopper.caps(run=60_00)
    said = []
    for amount, vendor in ((20_00, "crunchline.example"), (40_00, "Ärzte & Söhne GmbH")):
        asked = shopper.ask_for(amount_minor=amount, vendor=vendor)
        assert carry_out(asked.action or "", clock=at(shopper.approve(asked)))
        buy(Purchase.objects.get(call__reference=asked.action), owner)
        said += [asked, shopper.agent.get_action(asked.action)]
    return said


def statuses(said: Said) -> Counter[str]:
    assert [answer.codes for answer in said if answer.codes] == []
    return Counter(str(answer.status) for answer in said)


def test_one_after_the_other_none_is_denied(
    owner: User, offer: Offer, outside: RunningSandbox
) -> None:
    said: Said = []
    for _ in range(AGENTS):
        agent = a_sales_agent(offer)
        said += [*within_the_house(agent), *sells_a_link(agent, owner), *has_it_bought(owner)]

    assert statuses(said) == {"done": 44, "needs_approval": 12, "in_progress": 4}
    assert (PaymentLink.objects.count(), len(at_stripe(outside))) == (AGENTS, AGENTS)
    assert Activity.objects.filter(kind="agent_note").count() == 2 * AGENTS
    assert not ToolCall.objects.filter(state="denied").exists()
    assert not set(compare_rows().counts) - {"order_differs_from_events", "sums_differ"}


def test_many_at_once_none_is_denied(owner: User, offer: Offer, outside: RunningSandbox) -> None:
    agents = [a_sales_agent(offer) for _ in range(AGENTS)]

    def one(number: int) -> Said:
        try:
            agent = agents[number % AGENTS]
            return within_the_house(agent) if number < AGENTS else sells_a_link(agent, owner)
        finally:
            connection.close()

    with ThreadPoolExecutor(2 * AGENTS) as many:
        said = [answer for each in many.map(one, range(2 * AGENTS)) for answer in each]

    assert statuses(said) == {"done": 36, "needs_approval": 4, "in_progress": 4}
    assert len(at_stripe(outside)) == AGENTS
    assert not ToolCall.objects.filter(state="denied").exists()
