"""A worker is SIGKILLed at each step of a sale: nothing is lost, nothing is doubled."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.chaos.books import settle, wrongs
from tests.chaos.shop import Buyer, Shop
from tests.chaos.stops import STOPS, held_at, make_stops, remove_stops

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

AT_ONCE = 4


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
