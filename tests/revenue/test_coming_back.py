"""Back from Stripe's page: the return page says what is known, and to whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from revenue.models import CheckoutSession, Order, OrderLink
from tests.factories.revenue import CheckoutFactory
from tests.outside import _outside, outside, pages_find_stripe_away, pages_use_outside
from tests.sandbox.running_sandbox import RunningSandbox

__all__ = ["_outside", "outside", "pages_find_stripe_away", "pages_use_outside"]

pytestmark = pytest.mark.django_db(transaction=True)
SILENCES = (
    {"effect": "drop"},
    {"effect": "status", "status": 500},
    {"effect": "status", "status": 429},
    {"effect": "status", "status": 401},
)


@pytest.fixture
def paid_unseen(outside: RunningSandbox, pages_use_outside: None) -> str:
    """A session that was paid at Stripe before we ever heard of it, as a payment link makes it."""
    session = outside.open_session()
    outside.pay(session.id, email="ada@buyer.example")
    return str(session.id)


@pytest.mark.parametrize("silence", SILENCES, ids=lambda each: "_".join(map(str, each.values())))
def test_who_comes_back_before_we_heard_of_the_session_waits_until_stripe_answers(
    silence: dict[str, Any], paid_unseen: str, outside: RunningSandbox
) -> None:
    address, buyer = f"/return/?session_id={paid_unseen}", Client()
    outside.drill("faults", path="/v1/checkout/sessions", method="GET", **silence)

    waiting = buyer.get(address)
    rows = CheckoutSession.objects.count()
    outside.clear_faults()
    known = buyer.get(address, follow=True)

    words = waiting.content.decode()
    assert (waiting.status_code, waiting["Refresh"], rows) == (503, "5", 0)
    assert "We are confirming your payment." in words
    assert "another shop" not in words
    assert Order.objects.get().reference in known.content.decode()


@pytest.mark.parametrize(
    "session_id", ["", "\0", "' OR 1=1 --", "cs_" + "x" * 5000, "pi_1", "cs_é"]
)
def test_what_is_no_session_id_is_unknown_even_while_stripe_is_away(
    session_id: str, pages_find_stripe_away: None
) -> None:
    answer = Client().get("/return/", {"session_id": session_id})

    assert answer.status_code == 404
    assert "Refresh" not in answer
    assert "We do not know this payment page." in answer.content.decode()


@pytest.mark.parametrize(("hours", "is_let_in"), [(47, True), (49, False)])
def test_a_session_s_address_lets_a_browser_in_for_two_days_only(
    hours: int, is_let_in: bool, paid_unseen: str
) -> None:
    address, buyer = f"/return/?session_id={paid_unseen}", Client()
    buyer.get(address)
    made_at = datetime.now(UTC) - timedelta(hours=hours)
    CheckoutSession.objects.update(created_at=made_at)

    stranger, again = Client().get(address, follow=True), buyer.get(address, follow=True)

    order = Order.objects.get().reference
    assert stranger.status_code == (200 if is_let_in else 403)
    assert (order in stranger.content.decode()) == is_let_in
    assert (again.status_code, order in again.content.decode()) == (200, True)
    assert OrderLink.objects.count() == (2 if is_let_in else 1)


def test_a_session_that_was_opened_late_lets_its_buyer_in(
    pages_find_stripe_away: None,
) -> None:
    """Stripe was away for a day and a half when the buyer pressed Buy, and opened it then."""
    made_at = datetime.now(UTC) - timedelta(hours=60)
    late = CheckoutFactory(created_at=made_at, opened_at=made_at + timedelta(hours=36))

    answer = Client().get(f"/return/?session_id={late.stripe_id}")

    assert answer["Location"] == f"/checkout/{late.reference}/"
