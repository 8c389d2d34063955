"""A stand-in that says ``livemode: true`` is believed nothing, by no task and by no call."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from revenue.adapters.stripe_gateway import StripeGateway
from revenue.enums import CheckoutState
from revenue.exchanges.checkouts import open_at_stripe, sweep_checkouts
from revenue.models import CheckoutSession, Order, StripeWebhookEvent
from revenue.ports import GatewayUnknown, PaymentGateway, UnreadableEvent
from revenue.usecases.return_from_checkout import return_from_checkout
from tests.factories.revenue import (
    NOON,
    CheckoutFactory,
    dispute_object,
    event_body,
    filed,
    session_object,
)
from tests.outside import gateway_to

pytestmark = pytest.mark.django_db(transaction=True)
Call = Callable[[PaymentGateway], object]

CALLS: dict[str, Call] = {
    "make_product": lambda gateway: gateway.make_product(key="k", parameters={"name": "Brief"}),
    "make_price": lambda gateway: gateway.make_price(key="k", parameters={"currency": "usd"}),
    "open_checkout": lambda gateway: gateway.open_checkout(key="k", parameters={}),
    "read_session": lambda gateway: gateway.read_session("cs_test_1"),
    "expire_session": lambda gateway: gateway.expire_session("cs_test_1", key="k"),
    "make_payment_link": lambda gateway: gateway.make_payment_link(key="k", parameters={}),
    "deactivate": lambda gateway: gateway.deactivate_payment_link("plink_1", key="k"),
    "dispute": lambda gateway: gateway.dispute("dp_1"),
    "find_price": lambda gateway: gateway.find_price(lookup_key="brief"),
    "payment_links": lambda gateway: gateway.payment_links(limit=1),
    "sessions_between": lambda gateway: list(
        gateway.sessions_between(since=NOON, until=NOON + timedelta(hours=1))
    ),
    "sessions_of_payment": lambda gateway: gateway.sessions_of_payment("pi_1"),
    "reread": lambda gateway: gateway.reread(
        event_type="checkout.session.completed", object_id="cs_test_1"
    ),
}


class StandIn:
    """Answers every call with one object that claims to be live, lists with a page of it."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.answer: dict[str, object] = {}


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            found: dict[str, object] = made.answer | {"livemode": True}
            is_list = self.command == "GET" and "?" in self.path.replace("?expand", "")
            page = {"object": "list", "data": [found], "has_more": False, "url": "/v1/all"}
            body = json.dumps(page if is_list else found).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = StandIn(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def gateway(stand_in: StandIn) -> StripeGateway:
    return gateway_to(stand_in.base)


@pytest.mark.parametrize("name", CALLS)
def test_no_call_believes_it(name: str, gateway: StripeGateway, stand_in: StandIn) -> None:
    checkout = CheckoutFactory()
    link = {"url": "http://127.0.0.1/pay", "active": True}
    stand_in.answer = session_object(checkout) | dispute_object(checkout) | link

    with pytest.raises(GatewayUnknown) as raised:
        CALLS[name](gateway)

    assert (raised.value.code, raised.value.is_replayable) == ("livemode_differs", True)


def test_coming_back_makes_no_order_of_it(gateway: StripeGateway, stand_in: StandIn) -> None:
    checkout = CheckoutFactory()
    stand_in.answer = session_object(checkout)

    return_from_checkout(session_id=checkout.stripe_id, gateway=gateway, now=NOON)

    assert CheckoutSession.objects.get().state == CheckoutState.OPEN
    assert not Order.objects.exists()


def test_a_session_opened_live_stays_unknown(gateway: StripeGateway, stand_in: StandIn) -> None:
    checkout = CheckoutFactory(state="unknown", stripe_id=None, next_check_at=NOON)
    made = CheckoutFactory.build(offer=checkout.offer, reference=checkout.reference)
    stand_in.answer = session_object(made, status="open", payment_status="unpaid")

    open_at_stripe(checkout, gateway=gateway, now=NOON)
    sweep_checkouts(gateway=gateway, clock=lambda: NOON + timedelta(hours=1))

    row = CheckoutSession.objects.get()
    assert (row.state, row.last_error) == (CheckoutState.UNKNOWN, "livemode_differs")


def test_an_event_whose_object_is_live_is_parked(
    process: Callable[[], list[StripeWebhookEvent]],
) -> None:
    filed("checkout.session.completed", session_object(CheckoutFactory(), livemode=True))

    [event] = process()

    assert (event.state, event.error_class) == ("dead", "NeedsOperator")
    assert "livemode" in event.error
    assert not Order.objects.exists()


@pytest.mark.parametrize("is_live", [True, False])
def test_a_live_deployment_believes_what_is_live_and_nothing_else(is_live: bool) -> None:
    live = StripeGateway(
        api_key="rk_live_0",
        api_base="https://api.stripe.com",
        webhook_secrets=["whsec_test"],
        timeout_s=1,
        retries=0,
        is_live=True,
    )
    payload = session_object(CheckoutFactory(), livemode=is_live)
    body = event_body("checkout.session.completed", payload, livemode=is_live)

    if is_live:
        assert live.read_event(body) is not None
    else:
        with pytest.raises(UnreadableEvent):
            live.read_event(body)
