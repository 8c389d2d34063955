"""A worker is SIGKILLed at each step of a sale: nothing is lost, nothing is doubled."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.chaos.books import settle, wrongs
from tests.chaos.shop import Buyer, Shop, patiently
from tests.chaos.stops import STOPS, held_at, make_stops, remove_stops

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

AT_ONCE = 4
DUE_AGAIN_WITHIN_S = 30.0  # a lease alone would last 300 s


def test_a_worker_killed_at_each_step(shop: Shop) -> None:
    buyers = [Buyer() for _ in STOPS]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        sessions = list(pool.map(shop.open_checkout, buyers))
    make_stops(shop)

    for number, (buyer, session) in enumerate(zip(buyers, sessions, strict=True)):
        with held_at(shop, number) as held:
            shop.pay(session, email=buyer.email)
            held.wait(meanwhile=shop.sweep)
            killed = shop.kill_task_processes()
            assert killed, f"no worker at {STOPS[number].name!r}"
            # Its last word, a COMMIT perhaps, came through to the database, or it did not.
            if shop.chance.random() < 0.5:
                held.cut_off()
    remove_stops(shop)

    settle(shop)
    assert wrongs(shop) == [], f"CHAOS_SEED={shop.seed}"
    paid = shop.rows("SELECT count(*) AS orders FROM revenue_order WHERE state = 'paid'")
    assert paid == [{"orders": len(STOPS)}]


def test_a_dead_workers_event_is_acted_on_within_half_a_minute(shop: Shop) -> None:
    """By the processes of the stack alone: nothing here asks for a sweep."""
    buyer = Buyer()
    session = shop.open_checkout(buyer)
    make_stops(shop)
    booked = next(n for n, stop in enumerate(STOPS) if stop.name == "the payment is booked")
    with held_at(shop, booked) as held:
        shop.pay(session, email=buyer.email)
        held.wait(meanwhile=lambda: None)
        shop.kill_task_processes()
    killed_at = time.monotonic()
    remove_stops(shop)
    order = "SELECT 1 FROM revenue_order o JOIN revenue_checkoutsession c ON c.id = o.checkout_id"

    patiently(
        lambda: shop.rows(f"{order} WHERE c.stripe_id = '{session}' AND o.state = 'paid'") or None,
        what="the killed worker's event is acted on",
        within_s=DUE_AGAIN_WITHIN_S,
    )
    print(f"acted on {time.monotonic() - killed_at:.1f} s after the SIGKILL")
