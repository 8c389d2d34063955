"""Approved once, a payment link is made once: Stripe's own records say so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from crm.enums import DealStage
from crm.models import Activity, Deal
from revenue.models import OfferPrice
from tests.factories.people import client_of
from tests.sandbox.running_sandbox import RunningSandbox
from tests.toolrouter.agents import Agent, database_now
from tests.toolrouter.approving.deciding import (
    approve,
    ask_for_link,
    at,
    at_stripe,
    call_of,
    findings,
    request_of,
    run_at,
    the_link,
)
from toolrouter.answers import Answer
from toolrouter.enums import IncidentKind, ReceiptState
from toolrouter.exchanges.approved import carry_out
from toolrouter.exchanges.receipts import read_receipts
from toolrouter.models import Incident, ProjectSettings, ProviderReceipt
from toolrouter.operations.changes import By
from toolrouter.vocabulary import Code, Status

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pages_use_outside")]
LINKS = "/v1/payment_links"
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
NOBODY = By(actor_id=None, reason="x")


def test_it_is_made_when_the_hold_is_over_and_never_before(
    agent: Agent, operator: User, answer: Answer, outside: RunningSandbox
) -> None:
    not_before = approve(answer, operator)

    assert run_at(not_before - SECOND) == 0
    assert at_stripe(outside) == []
    assert run_at(not_before) == 1

    [made], link, call = at_stripe(outside), the_link(), call_of(answer)
    assert (link.state, link.stripe_id, link.url) == ("active", made.id, made.url)
    assert made.metadata["call_ref"] == call.reference
    assert made.metadata["link_ref"] == link.reference
    assert (link.call_ref, link.run_ref, link.created_by_id) == (
        call.reference, agent.run_ref, None,
    )  # fmt: skip
    said = agent.get_action(answer.action)
    assert (said.status, said.result) == (
        Status.DONE,
        {"deal": agent.deal.reference, "payment_link": link.reference},
    )
    assert findings() == []


def test_the_deal_moves_to_checkout_and_its_timeline_names_the_run(
    agent: Agent, operator: User, answer: Answer, outside: RunningSandbox
) -> None:
    run_at(approve(answer, operator))

    line = Activity.objects.get(deal=agent.deal, kind="link_prepared")
    assert line.refs == {"link": the_link().reference, "run": agent.run_ref}
    assert Deal.objects.get(pk=agent.deal.pk).stage == DealStage.CHECKOUT


def test_pages_lead_from_the_call_to_its_approval_and_its_link_and_back(
    operator: User, answer: Answer
) -> None:
    run_at(approve(answer, operator))
    reader, link = client_of(operator), the_link()

    call = reader.get(f"/console/tool-calls/{answer.action}/").content.decode()
    assert f'href="/console/approvals/{answer.approval}/"' in call
    assert link.stripe_id in call
    assert "As approved" in call
    made = reader.get(f"/console/payment-links/{link.reference}/").content.decode()
    assert f'href="/console/tool-calls/{answer.action}/"' in made


def test_run_again_and_again_there_is_one(
    agent: Agent, operator: User, answer: Answer, outside: RunningSandbox
) -> None:
    moment = approve(answer, operator)

    runs = [run_at(moment), run_at(moment), int(carry_out(answer.action or "", clock=at(moment)))]

    assert (runs, len(at_stripe(outside))) == ([1, 0, 0], 1)
    assert ask_for_link(agent, key="another").codes == (Code.DUPLICATE,)


def test_stripes_own_record_is_compared(
    agent: Agent, operator: User, answer: Answer, outside: RunningSandbox
) -> None:
    run_at(approve(answer, operator))

    receipt = ProviderReceipt.objects.get()
    assert (receipt.state, receipt.differs, receipt.read_key) == ("matched", [], answer.action)
    assert (receipt.read_minor, receipt.read_currency, receipt.read_live) == (100, "USD", False)
    assert not Incident.objects.exists()


def test_a_price_at_stripe_that_asks_for_something_else_is_an_incident_and_a_hold(
    agent: Agent, operator: User, answer: Answer, outside: RunningSandbox
) -> None:
    client = outside.client()
    product = client.products.create({"name": "Something else"})
    other = client.prices.create(
        {"product": product.id, "currency": "usd", "unit_amount": 99_00, "nickname": "x"}
    )
    run_at(approve(answer, operator) - SECOND)
    OfferPrice.objects.create(
        offer_id=agent.deal.offer_id or 0,
        mode="sandbox",
        stripe_product_id=product.id,
        stripe_price_id=other.id,
        created_at=database_now(),
        ready_at=database_now(),
    )

    run_at(request_of(answer).not_before or database_now())

    receipt, incident = ProviderReceipt.objects.get(), Incident.objects.get()
    assert (receipt.state, receipt.differs) == (ReceiptState.MISMATCHED, ["amount"])
    assert (incident.kind, incident.about_ref) == (IncidentKind.MISMATCH, answer.action)
    assert ProjectSettings.objects.get(project_ref=agent.deal.project.reference).is_held
    assert findings() == []


def test_a_receipt_that_could_not_be_read_is_read_later(
    agent: Agent, operator: User, answer: Answer, outside: RunningSandbox
) -> None:
    outside.control("faults", path=LINKS + "/", method="GET", effect="status", status=500)
    moment = approve(answer, operator)
    run_at(moment)
    assert ProviderReceipt.objects.get().state == ReceiptState.PENDING
    outside.clear_faults()

    assert read_receipts(clock=at(moment + MINUTE)) == 1

    assert ProviderReceipt.objects.get().state == ReceiptState.MATCHED
    assert findings() == []
