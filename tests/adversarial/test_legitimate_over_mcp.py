"""What may be done is done over MCP too, in both protocol eras, alone and many at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pytest
from django.contrib.auth.models import User
from pytest_django.plugin import DjangoDbBlocker

from approvals.models import ApprovalRequest
from ledger.queries import compare_rows
from tests.factories.people import make_person
from tests.toolrouter.agents import Agent, an_agent
from tests.toolrouter.approving.deciding import at
from tests.toolrouter.purchases.shopping import ARGUMENTS, PURCHASE, Shopper, a_shopper, buy
from tests.trinity.serving.serving import Served, served
from tests.trinity.serving.test_mcp import NEW, OLD, call
from toolrouter.answers import Answer
from toolrouter.exchanges.approved import carry_out
from toolrouter.models import Purchase, ToolCall
from toolrouter.vocabulary import Status

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE: Final = 4
Said = list[dict[str, Any]]


@pytest.fixture(scope="module")
def mcp(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("mcp")
    with django_db_blocker.unblock(), served("mcp", folder=folder) as running:
        yield running


@pytest.fixture
def owner() -> User:
    """The whole company."""
    return make_person("owner")


def propose(
    mcp: Served, era: str, agent: Agent, operation: str, key: str, **arguments: Any
) -> dict[str, Any]:
    asked = {"operation": operation, "arguments": arguments, "key": key}
    return call(mcp, era, agent.token, "propose_action", **asked)


def within_the_house(mcp: Served, era: str, agent: Agent, code: str) -> Said:
    """Do all that needs nobody: eight actions. ``code`` is that of its run."""
    deal, token = {"deal": agent.deal.reference}, agent.token
    noted = propose(mcp, era, agent, "crm.add_note", "n1", **deal, text="They asked twice.")
    return [
        call(mcp, era, token, "read_lead", **deal),
        noted,
        propose(mcp, era, agent, "crm.add_note", "n2", **deal, text="They asked thrice."),
        propose(mcp, era, agent, "crm.add_note", "n1", **deal, text="They asked twice."),
        propose(mcp, era, agent, "crm.recommend_next_step", "s1", **deal, step="call", why="Soon."),
        propose(mcp, era, agent, "crm.read_lead", "r1", **deal),
        call(mcp, era, token, "read_lead", **deal, run=code.lower()),
        call(mcp, era, token, "get_action", action=noted["action"]),
    ]


def has_it_bought(mcp: Served, era: str, shopper: Shopper) -> Said:
    """Ask for two purchases, one to the last cent of the cap, and have both bought: eight."""
    said, agent = [], shopper.agent
    shopper.caps(run=60_00)
    for amount, vendor in ((20_00, "crunchline.example"), (40_00, "Ärzte & Söhne GmbH")):
        wish = ARGUMENTS | {"amount_minor": amount, "vendor": vendor}
        asked = propose(mcp, era, agent, PURCHASE, f"b{amount}", **wish)
        again = {"action": asked["action"]}
        waits = call(mcp, era, agent.token, "get_action", **again)
        request = ApprovalRequest.objects.get(reference=asked["approval"])
        moment = shopper.approve(
            Answer(status=Status.NEEDS_APPROVAL, approval=request.reference), by=shopper.owner
        )
        assert carry_out(asked["action"], clock=at(moment))
        handed = call(mcp, era, agent.token, "get_action", **again)
        buy(Purchase.objects.get(call__reference=asked["action"]), shopper.owner)
        said += [asked, waits, handed, call(mcp, era, agent.token, "get_action", **again)]
    return said


def statuses(said: Said) -> Counter[str]:
    assert [answer for answer in said if answer["codes"]] == []
    return Counter(answer["status"] for answer in said)


def test_one_after_the_other_none_is_denied_in_either_era(mcp: Served, owner: User) -> None:
    said: Said = []
    for era in (OLD, NEW):
        for _ in range(3):
            agent = an_agent()
            said += within_the_house(mcp, era, agent, agent.credential.run_code)
        said += has_it_bought(mcp, era, a_shopper(owner))

    assert statuses(said) == {"done": 56, "needs_approval": 8}
    assert said[-1]["result"]["state"] == "bought"
    assert not ToolCall.objects.filter(state="denied").exists()
    assert not set(compare_rows().counts) - {"order_differs_from_events", "sums_differ"}


def test_many_at_once_none_is_denied_in_either_era(mcp: Served) -> None:
    agents = [an_agent() for _ in range(2 * AT_ONCE)]
    asking = [
        (era, agent, agent.credential.run_code)
        for era, agent in zip([OLD, NEW] * AT_ONCE, agents, strict=True)
    ]

    with ThreadPoolExecutor(2 * AT_ONCE) as pool:
        asked = pool.map(lambda each: within_the_house(mcp, *each), asking)
        said = [answer for each in asked for answer in each]

    assert statuses(said) == {"done": 64}
