"""A refund that fails makes room for another; either of the two may be heard first."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ledger.models import Posting
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.enums import EventState, OrderState, RevenueKind, Source
from revenue.exchanges.events import process_due
from revenue.models import Order, ReconcileRun, RevenueEvent, StripeWebhookEvent
from revenue.operations.event_filing import file_event
from tests.revenue.reconcile.conftest import Run, Sell
from tests.sandbox.running_sandbox import RunningSandbox

pytestmark = pytest.mark.django_db
REFUNDED_TWICE = [
    (RevenueKind.FEE, -320),
    (RevenueKind.PAYMENT, 10_000),
    (RevenueKind.REFUND, -10_000),
    (RevenueKind.REFUND, -10_000),
    (RevenueKind.REFUND_REVERSAL, 10_000),
]
Backdate = Callable[..., int]


def booked() -> list[tuple[str, int]]:
    return sorted(RevenueEvent.objects.values_list("kind", "amount_minor"))


def hear(outside: RunningSandbox, gateway: StripeGateway, type_: str, object_id: str) -> str:
    """File one of the events that Stripe made, and act on it; return the state it comes to."""
    newest = next(  # the newest
        event
        for event in outside.ask("events", limit=100)["data"]
        if (event["type"], event["data"]["object"]["id"]) == (type_, object_id)
    )
    body = json.dumps(newest).encode()
    now = datetime.now(UTC)
    file_event(gateway.read_notice(body), body=body, is_stripe_itself=False, now=now)
    process_due(gateway=gateway, source=Source.DELIVERY, clock=lambda: datetime.now(UTC))
    return StripeWebhookEvent.objects.get(stripe_id=newest["id"]).state


@pytest.fixture
def refunded_anew(
    sell: Sell, run: Run, outside: RunningSandbox, without_events: None, backdate: Backdate
) -> Callable[..., tuple[str, str]]:
    """A sale whose booked refund failed unheard, and which was then refunded once more."""

    def call(*, days_between: int = 0) -> tuple[str, str]:
        checkout = sell()
        first = outside.control("refunds", session=checkout.stripe_id)
        run()
        assert Order.objects.get().state == OrderState.REFUNDED
        if days_between:
            assert backdate(days=days_between, source=first["id"])
        outside.control("settle", refund=first["id"], succeeds=False)
        second = outside.control("refunds", session=checkout.stripe_id)
        return first["id"], second["id"]

    return call


def test_a_refund_heard_before_the_failure_that_made_it_room(
    refunded_anew: Any, outside: RunningSandbox, gateway: StripeGateway
) -> None:
    first, second = refunded_anew()

    assert hear(outside, gateway, "refund.created", second) == EventState.PROCESSED
    assert hear(outside, gateway, "refund.failed", first) == EventState.PROCESSED

    assert Order.objects.get().state == OrderState.REFUNDED
    assert booked() == REFUNDED_TWICE


@pytest.mark.usefixtures("without_events")
def test_a_refunded_charge_heard_before_the_failure_that_made_it_room(
    sell: Sell, run: Run, outside: RunningSandbox, gateway: StripeGateway
) -> None:
    checkout = sell()
    first = outside.control("refunds", session=checkout.stripe_id, amount=4_000)
    run()
    outside.control("settle", refund=first["id"], succeeds=False)
    outside.control("refunds", session=checkout.stripe_id, amount=8_000)

    assert hear(outside, gateway, "charge.refunded", first["charge"]) == EventState.PROCESSED

    assert Order.objects.get().refunded_minor == 8_000


@pytest.mark.parametrize("days_between", [0, 12])
def test_reconciling_hears_of_both(refunded_anew: Any, run: Run, days_between: int) -> None:
    refunded_anew(days_between=days_between)

    found = run(days=7)

    assert (found.error_class, found.differences) == ("", [])
    assert Order.objects.get().state == OrderState.REFUNDED
    assert booked() == REFUNDED_TWICE
    postings = Posting.objects.filter(account="assets:stripe")
    assert sum(postings.values_list("amount_minor", flat=True)) == -320


@pytest.mark.usefixtures("without_events")
def test_what_cannot_be_recorded_stops_nothing_else_and_is_named(
    sell: Sell, run: Run, outside: RunningSandbox
) -> None:
    odd, usual = sell(), sell()
    run()
    Order.objects.filter(checkout=odd).update(amount_minor=100)  # its refund cannot fit now
    refund = outside.control("refunds", session=odd.stripe_id, amount=2_500)
    outside.control("refunds", session=usual.stripe_id, amount=2_500)
    sell()

    found = run()

    assert [row["object_id"] for row in found.differences] == [refund["id"]]
    assert ReconcileRun.objects.latest("pk").fees_booked == 1
    assert Order.objects.get(checkout=usual).state == OrderState.PARTIALLY_REFUNDED
