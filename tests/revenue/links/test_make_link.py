"""A payment link for a deal: one row, one link at Stripe, one payment."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from crm.models import Activity, Deal
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.enums import CheckoutOrigin, OrderState, PaymentLinkState
from revenue.exchanges.payment_links import sweep_payment_links
from revenue.models import CheckoutSession, Offer, Order, PaymentLink
from revenue.operations.fact_recording import record
from revenue.operations.links import LinkNotActive
from revenue.operations.recording_context import RecordingContext
from revenue.ports import GatewayUnknown
from revenue.queries.deals import DealNotForSale
from revenue.usecases.deactivate_payment_link import deactivate_payment_link
from revenue.usecases.make_payment_link import make_payment_link
from tests.factories.crm import DealFactory
from tests.outside import lose_next_answer
from tests.sandbox.running_sandbox import RunningSandbox

pytestmark = pytest.mark.django_db
Make = Callable[..., PaymentLink]


@pytest.fixture
def make(offer: Offer, deal: Deal, seller: User, gateway: StripeGateway, now: datetime) -> Make:
    def call(**changes: Any) -> PaymentLink:
        asked = {
            "offer": offer,
            "deal_ref": deal.reference,
            "form_key": secrets.token_hex(16),
            "actor_id": seller.pk,
            "gateway": gateway,
            "now": now,
        }
        return make_payment_link(**asked | changes)

    return call


def kinds(deal: Deal) -> list[str]:
    return list(Activity.objects.filter(deal=deal).order_by("id").values_list("kind", flat=True))


def listed(outside: RunningSandbox) -> list[Any]:
    return outside.client().payment_links.list({"limit": 100}).data


def hear(outside: RunningSandbox, session_id: str, gateway: StripeGateway, now: datetime) -> None:
    context = RecordingContext(mode="sandbox", source="sweep", now=now, occurred_at=now)
    record(context, gateway.read_session(session_id))


def test_a_link_takes_one_payment_and_names_the_sale(
    make: Make, outside: RunningSandbox, deal: Deal, offer: Offer
) -> None:
    link = make()
    assert link.state == PaymentLinkState.ACTIVE
    [made] = listed(outside)
    assert (made.id, made.url) == (link.stripe_id, link.url)
    assert made.restrictions.completed_sessions.limit == 1
    metadata = {
        "trace_ref": deal.trace_ref,
        "link_ref": link.reference,
        "offer": offer.slug,
        "offer_version": "1",
    }
    assert made.metadata.to_dict() == metadata
    assert made.payment_intent_data.metadata.to_dict() == metadata
    assert made.after_completion.redirect.url.endswith("/return/?session_id={CHECKOUT_SESSION_ID}")
    assert (link.amount_minor, link.trace_ref, link.next_check_at) == (100, deal.trace_ref, None)


def test_the_deal_moves_to_checkout_and_its_timeline_says_so(make: Make, deal: Deal) -> None:
    make()
    deal.refresh_from_db()
    assert deal.stage == "checkout"
    assert kinds(deal) == ["link_prepared"]


@pytest.mark.parametrize("stage", ["lead", "won", "lost"])
def test_a_deal_that_is_not_for_sale_gets_no_link(
    make: Make, outside: RunningSandbox, stage: str
) -> None:
    order_ref = "ord_01k9aaaaaaaaaaaaaaaaaaaaaa" if stage == "won" else ""
    closed = DealFactory(stage=stage, won_order_ref=order_ref) if order_ref else None
    deal = closed or DealFactory(stage=stage)
    with pytest.raises(DealNotForSale):
        make(deal_ref=deal.reference)
    assert (PaymentLink.objects.count(), listed(outside)) == (0, [])


def test_a_deal_of_another_mode_gets_no_link(make: Make) -> None:
    with pytest.raises(DealNotForSale, match="test mode"):
        make(deal_ref=DealFactory(stage="qualified", mode="test").reference)


def test_with_stripe_away_before_the_row_nothing_is_kept(
    make: Make, deaf_gateway: StripeGateway
) -> None:
    with pytest.raises(GatewayUnknown):
        make(gateway=deaf_gateway)
    assert not PaymentLink.objects.exists()


def test_a_refused_link_says_failed_and_why(make: Make, outside: RunningSandbox) -> None:
    outside.control("faults", path="/v1/payment_links", effect="status", status=402)
    link = make()
    assert (link.state, link.next_check_at) == (PaymentLinkState.FAILED, None)
    assert link.last_error != ""


def test_a_lost_answer_is_found_by_repeating_the_same_call(
    make: Make, outside: RunningSandbox, gateway: StripeGateway, now: datetime
) -> None:
    make_price_first(make)
    lose_next_answer(outside, "/v1/payment_links")
    link = make()
    assert (link.state, link.last_error) == (PaymentLinkState.UNKNOWN, "no_answer")
    assert link.next_check_at == now + timedelta(seconds=5)
    outside.clear_faults()
    assert sweep(gateway, now) == 0  # not due yet
    assert sweep(gateway, now + timedelta(seconds=6)) == 1
    link.refresh_from_db()
    assert (link.state, link.next_check_at) == (PaymentLinkState.ACTIVE, None)
    assert [made.id for made in listed(outside)].count(link.stripe_id) == 1
    assert len(listed(outside)) == 2  # this one and the first


def make_price_first(make: Make) -> None:
    """Another deal's link: from then on the offer's price is ready and no more in the way."""
    make(deal_ref=DealFactory(stage="qualified").reference)


def sweep(gateway: StripeGateway, at: datetime) -> int:
    return sweep_payment_links(gateway=gateway, clock=lambda: at)


@pytest.mark.parametrize("when", ["before", "after"])
def test_after_a_server_error_the_link_is_looked_for_not_repeated(
    make: Make, outside: RunningSandbox, gateway: StripeGateway, now: datetime, when: str
) -> None:
    outside.control(
        "faults",
        path="/v1/payment_links",
        method="POST",
        effect="status",
        status=500,
        when=when,
        count=1,
    )
    link = make()
    assert (link.state, link.last_error) == (PaymentLinkState.UNKNOWN, "http_500")
    sweep(gateway, now + timedelta(minutes=1))
    link.refresh_from_db()
    if when == "after":
        assert (link.state, link.stripe_id) == (PaymentLinkState.ACTIVE, listed(outside)[0].id)
    else:
        assert (link.state, link.last_error) == (PaymentLinkState.FAILED, "never_made")
        assert listed(outside) == []


def test_after_a_day_the_key_is_gone_so_the_link_is_looked_for(
    make: Make, outside: RunningSandbox, gateway: StripeGateway, now: datetime
) -> None:
    outside.control("faults", path="/v1/payment_links", method="POST", effect="drop")
    link = make()
    assert link.state == PaymentLinkState.UNKNOWN
    sweep(gateway, now + timedelta(hours=25))
    link.refresh_from_db()
    assert link.last_error == "never_made"


def test_a_server_error_is_remembered_through_a_later_silence(
    make: Make, outside: RunningSandbox, gateway: StripeGateway, now: datetime
) -> None:
    outside.control(
        "faults", path="/v1/payment_links", method="POST", effect="status", status=500, count=1
    )
    link = make()
    outside.control("faults", path="/v1/payment_links", effect="drop", count=1)
    sweep(gateway, now + timedelta(minutes=1))
    link.refresh_from_db()
    assert (link.state, link.last_error, link.attempts) == ("unknown", "http_500", 2)


def test_the_sweep_leaves_what_is_known_alone(
    make: Make, deaf_gateway: StripeGateway, now: datetime
) -> None:
    link = make()
    assert sweep(deaf_gateway, now + timedelta(days=2)) == 0
    link.refresh_from_db()
    assert link.state == PaymentLinkState.ACTIVE


def test_a_session_of_the_link_is_its_own_checkout_and_uses_the_link_up(
    make: Make, outside: RunningSandbox, gateway: StripeGateway, deal: Deal, now: datetime
) -> None:
    link = make()
    session = outside.control("visit", payment_link=link.url)
    outside.pay(session["id"], wait_s=0)
    hear(outside, session["id"], gateway, now)
    checkout = CheckoutSession.objects.get()
    assert (checkout.origin, checkout.payment_link) == (CheckoutOrigin.PAYMENT_LINK, link)
    assert (checkout.trace_ref, checkout.deal_id) == (deal.trace_ref, deal.pk)
    order = Order.objects.get()
    assert (order.state, order.deal_id) == (OrderState.PAID, deal.pk)
    link.refresh_from_db()
    assert link.state == PaymentLinkState.USED


def test_a_second_payment_of_the_deal_is_its_own_order_marked_double(
    make: Make, outside: RunningSandbox, gateway: StripeGateway, now: datetime
) -> None:
    links = [make(), make(now=now + timedelta(minutes=1))]
    for link in links:
        session = outside.control("visit", payment_link=link.url)
        outside.pay(session["id"], wait_s=0)
        hear(outside, session["id"], gateway, now)
    first, second = Order.objects.order_by("id")
    assert (first.double_of, second.double_of) == (None, first)


def test_a_link_is_switched_off_here_and_there(
    make: Make, outside: RunningSandbox, gateway: StripeGateway, deal: Deal, seller: User,
    now: datetime,
) -> None:  # fmt: skip
    link = make()
    later = now + timedelta(hours=1)
    off = deactivate_payment_link(link.reference, actor_id=seller.pk, gateway=gateway, now=later)
    assert (off.state, off.deactivated_at) == (PaymentLinkState.DEACTIVATED, later)
    assert listed(outside)[0].active is False
    assert kinds(deal) == ["link_prepared", "link_deactivated"]
    again = deactivate_payment_link(link.reference, actor_id=seller.pk, gateway=gateway, now=later)
    assert again == off
    assert kinds(deal).count("link_deactivated") == 1


def test_a_link_whose_switching_off_is_unknown_stays_on_in_our_books(
    make: Make, deaf_gateway: StripeGateway, seller: User, now: datetime
) -> None:
    link = make()
    with pytest.raises(GatewayUnknown):
        deactivate_payment_link(link.reference, actor_id=seller.pk, gateway=deaf_gateway, now=now)
    link.refresh_from_db()
    assert link.state == PaymentLinkState.ACTIVE


def test_a_payment_that_came_through_wins_over_switching_off(
    make: Make, outside: RunningSandbox, gateway: StripeGateway, seller: User, now: datetime
) -> None:
    link = make()
    session = outside.control("visit", payment_link=link.url)
    outside.pay(session["id"], wait_s=0)
    deactivate_payment_link(link.reference, actor_id=seller.pk, gateway=gateway, now=now)
    hear(outside, session["id"], gateway, now)
    link.refresh_from_db()
    assert link.state == PaymentLinkState.USED
    with pytest.raises(LinkNotActive):
        deactivate_payment_link(link.reference, actor_id=seller.pk, gateway=gateway, now=now)
