"""What people see of caps: what is left of each now, and before and after what they decide."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from kernel.money import Money
from tests.factories.people import PASSWORD
from tests.toolrouter.agents import database_now
from tests.toolrouter.spending.buying import HOLD, Buyer
from toolrouter.enums import CapScope, CapWindow
from toolrouter.exchanges.approved import run_approved
from toolrouter.operations.reserving import settle
from toolrouter.queries.pages import run_safety

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def words(page: Client, address: str) -> str:
    answer = page.get(address)
    assert answer.status_code == 200
    return plain(answer.content.decode())


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def test_who_decides_sees_what_is_left_of_each_cap_before_and_after(
    buyer: Buyer, page: Client
) -> None:
    buyer.caps(account=800_00, run=60_00)
    buyer.cap(CapScope.PROJECT, 100_00, window=CapWindow.DAY)
    buyer.approved(1_00)
    answer = buyer.ask(49_00)

    said = words(page, f"/console/approvals/{answer.approval}/")

    for line in (
        "Left: account $799.00 → $750.00",
        "Left: project, 24 hours $99.00 → $50.00",
        "Left: run $59.00 → $10.00",
    ):
        assert line in said


def test_who_approves_when_the_money_is_gone_reads_how_much_is_missing(
    buyer: Buyer, page: Client
) -> None:
    buyer.caps(run=60_00)
    answer = buyer.ask(49_00)
    buyer.approved(20_00)
    address = f"/console/approvals/{answer.approval}/"
    shown = page.get(address).content.decode()
    digest = shown.split('name="shown_digest" value="')[1].split('"')[0]

    decided = page.post(f"{address}approve/", {"shown_digest": digest, "proof-password": PASSWORD})

    assert decided.status_code == 409
    said = "$9.00 USD is missing under the cap “Run”, which has $40.00 USD left."
    assert said in plain(decided.content.decode())


@pytest.mark.parametrize("where", ["safety", "project"])
def test_the_pages_of_caps_say_what_is_left_and_that_it_was_overspent(
    buyer: Buyer, page: Client, where: str
) -> None:
    buyer.caps(account=49_00, project=49_00, run=49_00)
    answer = buyer.approved(49_00)
    run_approved(clock=lambda: database_now() + HOLD)
    now = database_now()
    address = {
        "safety": "/console/safety/",
        "project": f"/console/projects/{buyer.project_ref}/",
    }[where]

    assert "Purchases $49.00 USD $0.00 USD In all" in words(page, address)
    settle(answer.action or "", captured=Money(58_80, "USD"), at=now, now=now)
    assert "Purchases $49.00 USD −$9.80 USD Overspent In all" in words(page, address)


def test_a_runs_page_has_what_is_left_of_its_caps(buyer: Buyer) -> None:
    buyer.caps(run=49_00)
    buyer.approved(9_00)

    safety = run_safety(buyer.agent.run_ref)

    assert safety is not None
    assert [cap.left for cap in safety.caps] == [Money(40_00, "USD")]
