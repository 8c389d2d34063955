"""One who is needed falls silent: Redis while a buyer pays, Stripe after it has done its work."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.chaos.books import settle, wrongs
from tests.chaos.shop import ORDER, Buyer, Shop, kill, patiently
from trinity.sale.steps import TEST_CARD

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

WEB_WAITS_MS = 5000


def test_a_buyer_pays_while_redis_hangs(shop: Shop) -> None:
    """Limits fail open, nudges are lost, and the buyer's return does what a worker would."""
    buyer = Buyer()
    redis = shop.stack.kill("valkey", number=signal.SIGSTOP)
    try:
        stripes_page = buyer.open(f"{shop.stack.sandbox_url}/c/pay/{shop.open_checkout(buyer)}")
        back = buyer.submit(stripes_page.form("/c/pay/"), email=buyer.email, **TEST_CARD)
        assert ORDER.search(back.address), back.heading
        assert "paid" in back.html.lower()
    finally:
        kill(redis, signal.SIGCONT)

    settle(shop)
    assert wrongs(shop) == [], f"CHAOS_SEED={shop.seed}"


def test_stripe_is_silent_after_success(shop: Shop) -> None:
    """It made the session, or the refund, and said nothing: one of each, never two."""
    paid, patient, gone = Buyer(), Buyer(), Buyer()
    session = shop.open_checkout(paid)
    shop.pay(session, email=paid.email)
    order = shop.come_back(paid, session)
    silence = {"effect": "timeout_after_success", "hang_ms": WEB_WAITS_MS + 1000}
    shop.control("faults", method="POST", path="/v1/checkout/sessions", count=2, **silence)
    shop.control("faults", method="POST", path="/v1/refunds", count=1, **silence)
    late = {"target": "webhook", "effect": "delay", "delay_ms": WEB_WAITS_MS + 500}
    shop.control("faults", type="refund.*", **late)
    shop.control("faults", type="charge.*", **late)

    def press_once(buyer: Buyer) -> str:
        form = shop.buy_form(buyer)
        said = buyer.submit(form)
        assert "/checkout/chk_" in said.address, said.address
        if buyer is patient:  # the same form again: the same session
            said = buyer.submit(form)
            assert "/c/pay/" in said.address, said.address
        return said.address

    with ThreadPoolExecutor(3) as pool:
        presses = [pool.submit(press_once, patient), pool.submit(press_once, gone)]
        refund = pool.submit(shop.refund, order, amount="1.00")
        waits_at = presses[1].result()
        presses[0].result()
        assert "nobody knows yet" in refund.result().html

    settle(shop)
    assert patiently(
        lambda: "/c/pay/" in gone.open(waits_at).html or None, what="the way on to Stripe's page"
    )
    assert wrongs(shop) == [], f"CHAOS_SEED={shop.seed}"
    booked = shop.rows(
        "SELECT count(*) AS refunds FROM revenue_revenueevent e JOIN revenue_order o"
        f" ON o.id = e.order_id WHERE o.reference = '{order}' AND e.kind = 'refund'"
    )
    assert booked == [{"refunds": 1}]
    asked = shop.rows("SELECT state FROM revenue_refundrequest ORDER BY id DESC LIMIT 1")
    assert asked == [{"state": "booked"}]
