"""One payment told at the same moment by many: one of everything."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
import stripe
from django.conf import settings
from django.db import connection, transaction

from crm.models import Contact, Deal
from fulfillment.models import AcquisitionRun, OrderIntake
from fulfillment.usecases.start_run import start_run
from ledger.models import LedgerEntry
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.adapters.stripe_reading import session
from revenue.enums import Source
from revenue.exchanges.events import process_due
from revenue.models import BuyerMail, CheckoutSession, Order, RevenueEvent, StripeWebhookEvent
from revenue.operations.fact_recording import record
from revenue.operations.recording_context import RecordingContext
from revenue.providers import gateway_for_web
from revenue.usecases.accept_webhook import accept_webhook
from tests.factories.revenue import CheckoutFactory, event_body, filed, session_object

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.races]

DELIVERIES, AT_ONCE = 200, 24


def now() -> datetime:
    return datetime.now(UTC)


def together(*works: Callable[[], Any]) -> list[Any]:
    """Run every work in a thread of its own, all let go at the same moment."""
    gate = threading.Barrier(min(len(works), AT_ONCE), timeout=20)

    def run(work: Callable[[], Any]) -> Any:
        with closing(connection):
            gate.wait()
            return work()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [future.result(timeout=60) for future in [pool.submit(run, w) for w in works]]


def deliver(body: bytes) -> bool:
    header = stripe.WebhookSignature.generate_signature_header(
        body.decode(), settings.STRIPE_WEBHOOK_SECRETS[0]
    )
    return accept_webhook(
        body=body,
        signature=header,
        gateway=gateway_for_web(),
        is_stripe_itself=False,
        now=now(),
    )


def drain(gateway: StripeGateway) -> int:
    done = 0
    while claimed := process_due(gateway=gateway, source=Source.DELIVERY, clock=now, limit=3):
        done += claimed
    return done


def land(checkout: CheckoutSession) -> None:
    context = RecordingContext(
        mode=settings.DEPLOYMENT_MODE, source=Source.LANDING, now=now(), occurred_at=now()
    )
    with transaction.atomic(durable=True):
        record(context, session(session_object(checkout)))


def counts() -> dict[str, int]:
    return {
        model.__name__: model.objects.count()
        for model in (Order, RevenueEvent, Deal, Contact, OrderIntake, BuyerMail)
    } | {"LedgerEntry": LedgerEntry.objects.filter(kind="revenue").count()}


ONE_OF_EACH = {
    "Order": 1,
    "RevenueEvent": 1,
    "Deal": 1,
    "Contact": 1,
    "OrderIntake": 1,
    "BuyerMail": 1,
    "LedgerEntry": 1,
}


def test_two_hundred_deliveries_of_one_event(deaf_gateway: StripeGateway) -> None:
    checkout = CheckoutFactory()
    body = event_body("checkout.session.completed", session_object(checkout))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        news = list(pool.map(lambda _: _closing(deliver, body), range(DELIVERIES)))
    together(lambda: drain(deaf_gateway), lambda: drain(deaf_gateway))
    order = Order.objects.get()
    together(*[lambda: start_run(order_id=order.pk, now=now())] * 4)

    assert sum(news) == 1
    assert StripeWebhookEvent.objects.count() == 1
    assert counts() == ONE_OF_EACH
    assert [deal.stage for deal in Deal.objects.all()] == ["won"]
    assert AcquisitionRun.objects.count() == 1


def _closing(work: Callable[..., Any], *arguments: Any) -> Any:
    with closing(connection):
        return work(*arguments)


def test_two_events_of_one_payment_and_its_buyer_at_once(deaf_gateway: StripeGateway) -> None:
    checkout = CheckoutFactory()
    paid = session_object(checkout)
    filed("checkout.session.completed", paid, id="evt_one")
    filed("checkout.session.completed", paid, id="evt_two")
    filed("checkout.session.async_payment_succeeded", paid, id="evt_three")

    together(
        lambda: drain(deaf_gateway),
        lambda: drain(deaf_gateway),
        lambda: land(checkout),
        lambda: land(checkout),
    )

    assert counts() == ONE_OF_EACH
    assert set(StripeWebhookEvent.objects.values_list("state", flat=True)) == {"processed"}


def test_the_first_sight_of_a_link_s_session_by_many(deaf_gateway: StripeGateway) -> None:
    """A session that a link made has no row of ours: whoever sees it first makes it."""
    unseen = CheckoutFactory.build(stripe_id="cs_test_neverseen000000", offer=None)
    foreign = session_object(unseen, client_reference_id=None, metadata={})
    for number in range(4):
        filed("checkout.session.completed", foreign, id=f"evt_{number}")

    together(*[lambda: drain(deaf_gateway)] * 4)

    assert CheckoutSession.objects.count() == 1
    assert [order.state for order in Order.objects.all()] == ["needs_review"]
    assert RevenueEvent.objects.count() == 1


def test_many_sales_to_one_buyer_do_not_lock_each_other_out(deaf_gateway: StripeGateway) -> None:
    checkouts = [CheckoutFactory() for _ in range(24)]
    for checkout in checkouts:
        filed("checkout.session.completed", session_object(checkout))

    together(*[lambda: drain(deaf_gateway)] * 4)

    assert Order.objects.filter(state="paid").count() == 24
    assert Contact.objects.count() == 1
    errors = StripeWebhookEvent.objects.values_list("state", "error_class").distinct()
    assert list(errors) == [("processed", "")]
