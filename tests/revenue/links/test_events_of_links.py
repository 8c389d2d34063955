"""What events say of a payment link is found by the link's own metadata, as well as by its id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crm.models import Activity, Deal
from kernel.references import new_reference
from revenue.enums import EventState, OrderState
from revenue.models import CheckoutSession, Order, PaymentLink, StripeWebhookEvent
from tests.factories.crm import DealFactory
from tests.factories.revenue import NOON, CheckoutFactory, OfferFactory, filed, session_object

pytestmark = pytest.mark.django_db(transaction=True)
Process = Callable[[], list[StripeWebhookEvent]]


@pytest.fixture
def deal() -> Deal:
    return DealFactory()


def link_of(deal: Deal, **changes: Any) -> PaymentLink:
    row: dict[str, Any] = {
        "reference": new_reference("plk"),
        "mode": "sandbox",
        "state": "active",
        "offer": OfferFactory(),
        "deal_id": deal.pk,
        "trace_ref": deal.trace_ref,
        "amount_minor": 100,
        "currency": "USD",
        "stripe_id": "plink_1",
        "parameters": {},
        "created_at": NOON,
    }
    return PaymentLink.objects.create(**row | changes)


def session_of(link: PaymentLink, *, plink: str = "plink_1", **changes: Any) -> dict[str, Any]:
    made = CheckoutFactory.build(offer=None, stripe_id="cs_test_link0000000000")
    metadata = {"link_ref": link.reference, "trace_ref": link.trace_ref}
    return session_object(
        made, payment_link=plink, client_reference_id=None, metadata=metadata, **changes
    )


def declined(*, charge: str | None = "ch_1", **metadata: str) -> dict[str, Any]:
    error = {"code": "card_declined", "charge": charge, "payment_method": {"id": "pm_1"}}
    return {
        "id": "pi_1",
        "object": "payment_intent",
        "metadata": metadata,
        "latest_charge": charge,
        "last_payment_error": error,
    }


def timeline(deal: Deal) -> list[tuple[str, dict[str, str]]]:
    lines = Activity.objects.filter(deal=deal, kind="payment_attempt_failed")
    return list(lines.values_list("kind", "refs"))


def test_a_declined_card_on_a_link_is_in_the_timeline(process: Process, deal: Deal) -> None:
    link = link_of(deal)
    filed("payment_intent.payment_failed", declined(link_ref=link.reference))

    [event] = process()

    assert (event.state, event.trace_ref) == (EventState.PROCESSED, deal.trace_ref)
    assert timeline(deal) == [("payment_attempt_failed", {"link": link.reference})]


def test_a_declined_card_on_a_link_of_another_mode_is_ignored(process: Process) -> None:
    deal = DealFactory(mode="test")
    link = link_of(deal, mode="test")
    filed("payment_intent.payment_failed", declined(link_ref=link.reference))

    [event] = process()

    assert (event.state, timeline(deal)) == (EventState.IGNORED, [])


@pytest.mark.parametrize("charge", ["ch_1", None])
def test_two_events_of_one_decline_are_one_line(
    process: Process, deal: Deal, charge: str | None
) -> None:
    checkout = CheckoutFactory(origin="deal", deal_id=deal.pk)
    payload = declined(charge=charge, checkout_ref=checkout.reference)
    filed("payment_intent.payment_failed", payload, id="evt_1")
    filed("payment_intent.payment_failed", payload, id="evt_2")

    process()

    assert len(timeline(deal)) == 1


def test_two_declines_of_one_payment_are_two_lines(process: Process, deal: Deal) -> None:
    checkout = CheckoutFactory(origin="deal", deal_id=deal.pk)
    for charge in ("ch_1", "ch_2"):
        payload = declined(charge=charge, checkout_ref=checkout.reference)
        filed("payment_intent.payment_failed", payload)

    process()

    assert len(timeline(deal)) == 2


def test_a_payment_that_no_longer_says_why_it_failed_adds_no_line(
    process: Process, deal: Deal
) -> None:
    """So it stands once it was paid: an event replayed then is read anew."""
    checkout = CheckoutFactory(origin="deal", deal_id=deal.pk)
    payload = declined(checkout_ref=checkout.reference) | {"last_payment_error": None}
    filed("payment_intent.payment_failed", payload)

    [event] = process()

    assert (event.state, timeline(deal)) == (EventState.PROCESSED, [])


@pytest.mark.parametrize("state", ["unknown", "failed"])
def test_a_payment_by_a_link_whose_id_never_reached_us_is_ours(
    process: Process, deal: Deal, state: str
) -> None:
    link = link_of(deal, state=state, stripe_id=None, next_check_at=NOON)
    filed("checkout.session.completed", session_of(link, plink="plink_9"))

    process()

    order = Order.objects.get()
    link.refresh_from_db()
    assert (order.state, order.review_reason) == (OrderState.PAID, "")
    assert (order.trace_ref, order.deal_id, order.offer_id) == (
        link.trace_ref,
        deal.pk,
        link.offer_id,
    )
    assert (link.state, link.stripe_id, link.next_check_at) == ("used", "plink_9", None)


def test_a_copy_of_a_link_made_at_stripe_is_looked_at_by_a_person(
    process: Process, deal: Deal
) -> None:
    """Stripe copies metadata with the link; only the one that we know by its id is ours."""
    link = link_of(deal)
    filed("checkout.session.completed", session_of(link, plink="plink_copy"))

    process()

    link.refresh_from_db()
    assert Order.objects.get().review_reason == "unknown_session"
    assert (link.state, CheckoutSession.objects.get().payment_link_id) == ("active", None)


def test_a_link_of_another_mode_explains_nothing(process: Process) -> None:
    link = link_of(DealFactory(mode="test"), mode="test", stripe_id=None, state="unknown")
    filed("checkout.session.completed", session_of(link, plink="plink_9"))

    process()

    assert Order.objects.get().state == OrderState.NEEDS_REVIEW
