"""A purchase that is asked for in two ways at once is asked of nobody; over the wire, in raw JSON.

The oracle is what stands in the tables: no request, no reservation, no purchase, no money.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

import pytest
from pytest_django.plugin import DjangoDbBlocker

from approvals.models import ApprovalRequest
from ledger.models import Posting
from tests.factories.people import make_person
from tests.toolrouter.purchases.shopping import ARGUMENTS, PURCHASE, Shopper, a_shopper
from tests.trinity.serving.serving import Served, served
from tests.trinity.serving.test_mcp import NEW, OLD, call, post
from toolrouter.models import Purchase, Reservation

pytestmark = pytest.mark.django_db(transaction=True)

AMOUNTS: Final = (
    *('"1e3"', '"100"', "1e3", "1.00", "100.0", "-1", "0", "-0", "1e400", "NaN", "Infinity"),
    *('"١٠٠"', "true", "null", "[100]", '{"minor":100}', "9" * 30, "9007199254740993", "9" * 5000),
)
CURRENCIES: Final = (
    *("usd", "Usd", "USD ", " USD", "US", "USDT", "", "$", "XXX", "US\\u0044\\u200b"),
    *("ＵＳＤ", "UЅD", "U\u202eSD", "USD\\u0000"),  # that is the point
)
# Each is put behind a word of every field that people will be shown.
UNSEEN: Final = ("\u200b", "\u202e", "\u2066", "\u00ad", "\ufeff", "\U000e0041", "\u0007", " " * 80)
SHOWN: Final = ("vendor", "what", "why")
OTHERS: Final = (
    ('"more":1', ""),
    ('"person":"owner"', ""),
    ('"approved":true', ""),
    ('"mode":"live"', ""),
    ('"amount_minor":1', ""),  # the name twice
    ('"amount_m\\u0069nor":1', ""),  # likewise, spelled otherwise
    ("", "vendor"),
    ("", "amount_minor"),
    ("", "currency"),
    ("", "category"),
    ('"vendor":"\\ud800"', "vendor"),
)


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
def shopper(settings: object) -> Shopper:
    settings.RUN_PROPOSALS_PER_MINUTE_MAX = 300  # type: ignore[attr-defined]  # of this process only
    return a_shopper(make_person("owner"))


def bodies() -> Iterator[str]:
    """Yield the arguments of each purchase that nobody may be asked about, as raw JSON."""
    for amount in AMOUNTS:
        yield raw(amount_minor=amount)
    for currency in CURRENCIES:
        yield raw(currency=f'"{currency}"')
    for name in SHOWN:
        for unseen in UNSEEN:
            yield raw(**{name: json.dumps(f"{ARGUMENTS[name]}{unseen}x")})
    for unseen in UNSEEN:
        yield raw(evidence=json.dumps([f"https://a.example/{unseen}b"]))
    for more, less in OTHERS:
        kept = {name: json.dumps(value) for name, value in ARGUMENTS.items() if name != less}
        pairs = [f'"{name}":{value}' for name, value in kept.items()]
        yield "{" + ",".join([*pairs, *([more] if more else [])]) + "}"


def raw(**told: str) -> str:
    """Return the arguments as JSON, with these values letter by letter."""
    values = {name: json.dumps(value) for name, value in ARGUMENTS.items()} | told
    return "{" + ",".join(f'"{name}":{value}' for name, value in values.items()) + "}"


def test_nobody_is_asked_about_a_purchase_that_can_be_read_in_two_ways(
    mcp: Served, shopper: Shopper
) -> None:
    asked = list(bodies())
    wrong = []
    for number, arguments in enumerate(asked):
        if number % 25 == 0:  # each run has so many proposals a minute
            shopper = a_shopper(shopper.owner)
        answer = post(
            mcp,
            (
                '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"propose_action",'
                f'"arguments":{{"operation":"{PURCHASE}","arguments":{arguments},'
                f'"key":"k{number}"}}}}}}'
            ).encode(),
            token=shopper.agent.token,
            mcp_protocol_version=OLD,
        )
        said = answer.json()
        content = said.get("result", {}).get("structuredContent", {})
        is_refused = answer.status_code == 400 or content.get("status") == "denied"
        if not is_refused or content.get("codes") == ["too_many"]:
            wrong.append((arguments[:200], answer.status_code, said))

    assert wrong == []
    assert len(asked) > 70
    assert [
        model.__name__
        for model in (ApprovalRequest, Reservation, Purchase, Posting)
        if model._default_manager.exists()
    ] == []


def test_the_same_purchase_said_in_one_way_waits_for_an_owner(
    mcp: Served, shopper: Shopper
) -> None:
    said = call(
        mcp,
        NEW,
        shopper.agent.token,
        "propose_action",
        operation=PURCHASE,
        arguments=ARGUMENTS,
        key="k",
    )

    assert (said["status"], said["codes"]) == ("needs_approval", [])
    request = ApprovalRequest.objects.get()
    assert (request.amount_minor, request.currency, request.state) == (49_00, "USD", "pending")
    assert not Purchase.objects.exists()
