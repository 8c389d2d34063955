"""Sample rows: many at once, labelled, apart from everything else, and never beside live money."""

from __future__ import annotations

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from console.queries.dashboard import build_dashboard
from console.queries.trace import build_trace
from crm.models import Contact, Deal
from fulfillment.models import AcquisitionRun, OrderIntake
from kernel.references import is_reference
from ledger.models import LedgerEntry
from revenue.models import (
    BuyerMail,
    CheckoutSession,
    Offer,
    Order,
    RevenueEvent,
    StripeWebhookEvent,
    WebhookAttempt,
)
from tests.conftest import NOON
from tests.console.sales import Process, direct_sale

pytestmark = pytest.mark.django_db(transaction=True)

MODELS = (Contact, Deal, Order, CheckoutSession, StripeWebhookEvent, WebhookAttempt, RevenueEvent,
          BuyerMail, OrderIntake, AcquisitionRun, LedgerEntry)  # fmt: skip


def seed(rows: int, *options: str) -> str:
    out = StringIO()
    call_command("seed_sample", "--rows", str(rows), *options, stdout=out)
    return out.getvalue()


def counts() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in MODELS}


def test_rows_are_made_once_and_more_can_follow() -> None:
    seed(200)
    first = counts()
    assert (first["Contact"], first["Deal"], first["Order"]) == (200, 40, 200)
    assert first["CheckoutSession"] == first["StripeWebhookEvent"] == first["WebhookAttempt"] == 200
    assert first["OrderIntake"] == first["AcquisitionRun"] == 20
    assert first["LedgerEntry"] == 5 * 180

    seed(200)
    assert counts() == first

    seed(300)
    assert counts()["Order"] == 300


def test_every_row_says_that_it_is_a_sample() -> None:
    seed(100, "--no-ledger")

    for model in (Order, CheckoutSession, StripeWebhookEvent, RevenueEvent, BuyerMail):
        assert set(model.objects.values_list("mode", flat=True)) == {"sample"}
    assert Offer.objects.get().is_sample
    assert not LedgerEntry.objects.exists()


def test_the_books_of_sample_orders_add_up() -> None:
    seed(200, "--no-ledger")

    for order in Order.objects.prefetch_related("revenue_events"):
        sums = {event.kind: event.amount_minor for event in order.revenue_events.all()}
        is_paid = order.paid_at is not None
        assert sums.get("payment", 0) == (order.amount_minor if is_paid else 0)
        assert -sums.get("refund", 0) == order.refunded_minor
        assert ("dispute" in sums) == (order.state == "disputed")
        assert is_reference(order.reference)


def test_they_are_never_added_to_other_modes(process: Process) -> None:
    direct_sale(process)
    alone = build_dashboard(now=NOON).money

    seed(500, "--no-ledger")

    cards = build_dashboard(now=NOON).money
    assert [card for card in cards if card.mode != "sample"] == alone
    assert build_dashboard(now=NOON).waiting == []


def test_nobody_can_buy_a_sample(process: Process) -> None:
    seed(100, "--no-ledger")

    assert "Sample snapshot" not in Client().get("/").content.decode()
    assert Client().get("/offers/sample-snapshot/").status_code == 404


def test_a_sample_sale_has_its_trace(operator: User) -> None:
    seed(100, "--no-ledger")
    order = Order.objects.filter(deal__isnull=False).first()
    assert order is not None

    trace = build_trace(order.trace_ref)

    assert trace is not None
    assert (list(trace.modes), trace.stages[3].state) == (["sample"], "done")
    assert "won in the same commit" in [record.says for record in trace.stages[3].records]


@pytest.mark.parametrize("rows", ["0", "-1", "3000000"])
def test_silly_numbers_are_refused(rows: str) -> None:
    with pytest.raises(CommandError, match="between 1 and"):
        call_command("seed_sample", "--rows", rows, stdout=StringIO())


@pytest.mark.parametrize(
    ("mode", "key"), [("live", "sk_sandbox_x"), ("test", "sk_live_x"), ("test", "rk_live_x")]
)
def test_live_money_is_refused(settings: Settings, mode: str, key: str) -> None:
    settings.DEPLOYMENT_MODE, settings.STRIPE_SECRET_KEY = mode, key

    with pytest.raises(CommandError, match="refuses to run in live mode"):
        seed(100)

    assert not Order.objects.exists()
