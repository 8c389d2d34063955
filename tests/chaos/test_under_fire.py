"""Sales go on while everything under them dies: processes, Redis, Postgres, deliveries."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pytest

from tests.chaos.books import settle, wrongs
from tests.chaos.shop import Buyer, Shop, children_of, kill
from trinity.sale.steps import TEST_CARD

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

BUYERS_AT_ONCE: Final = 3
SALES_MIN: Final = 12
PAUSE_S: Final = (0.2, 1.2)
HANG_S: Final = 2.0
WORKERS_WITHIN_S: Final = 20.0
CLOCKS_OFF_BY: Final = ("10", "-10")  # minutes
PAYS, PAYS_LATER, BANK_REFUSES = TEST_CARD["number"], "4000000000002222", "4000000000006611"
STORIES: Final = ("returns", "vanishes", "vanishes", "refunded", "later", "refused")
DELIVERIES: Final[tuple[dict[str, Any], ...]] = (
    {"effect": "drop", "probability": 0.05},
    {"effect": "fail", "probability": 0.2},
    {"effect": "duplicate", "probability": 0.3, "times": 3},
    {"effect": "reorder", "probability": 0.3, "delay_ms": 2000},
    {"effect": "delay", "probability": 0.2, "delay_ms": 700},
)


def breakings(shop: Shop) -> dict[str, Callable[[], object]]:
    """Every way to hurt the shop from below, by name."""
    stack = shop.stack

    def dies(name: str, number: int = signal.SIGKILL) -> Callable[[], object]:
        return lambda: stack.wait_for_new(name, old_pid=stack.kill(name, number=number))

    def web_worker_dies() -> None:
        deadline = time.monotonic() + WORKERS_WITHIN_S  # its server may have died just before
        while not (workers := children_of(stack.pids()["web"])):
            assert time.monotonic() < deadline, "the web server has no worker"
            time.sleep(0.1)
        kill(shop.chance.choice(workers))

    def redis_hangs() -> None:
        pid = stack.kill("valkey", number=signal.SIGSTOP)
        time.sleep(HANG_S)
        kill(pid, signal.SIGCONT)

    return {
        "tasks die": shop.kill_task_processes,
        "tasks die again": shop.kill_task_processes,
        "the worker dies": dies("worker"),
        "a web worker dies": web_worker_dies,
        "the web server dies": dies("web"),
        "Stripe's door dies": dies("doors"),
        "beat dies": dies("beat"),
        "Redis is flushed": shop.flush_redis,
        "Redis hangs": redis_hangs,
        "Redis dies": dies("valkey"),
        "Postgres is restarted": dies("postgres", signal.SIGINT),
        "Postgres dies": dies("postgres"),
    }


def one_sale(shop: Shop, story: str) -> None:
    buyer = Buyer()
    session = shop.open_checkout(buyer)
    card = {"later": PAYS_LATER, "refused": BANK_REFUSES}.get(story, PAYS)
    shop.pay(session, card=card, email=buyer.email)
    if story == "returns":
        shop.come_back(buyer, session)
    if story == "refunded":
        shop.control("refunds", session=session, amount=40)
        shop.control("refunds", session=session, amount=60)


def test_sales_go_on_while_everything_dies(
    shop: Shop, record_property: Callable[[str, object], None]
) -> None:
    for rule in DELIVERIES:
        shop.control("faults", target="webhook", seed=shop.seed, **rule)
    is_over = threading.Event()
    stories = [shop.chance.choice(STORIES) for _ in range(500)]
    broken = list(breakings(shop).items())
    shop.chance.shuffle(broken)

    def sell(first: int) -> int:
        done = 0
        while done < SALES_MIN // BUYERS_AT_ONCE or not is_over.is_set():
            one_sale(shop, stories[first + done * BUYERS_AT_ONCE])
            done += 1
        return done

    out_of_time = [(sys.executable, "-m", "tests.chaos.out_of_time", by) for by in CLOCKS_OFF_BY]
    with shop.beside(*out_of_time), ThreadPoolExecutor(BUYERS_AT_ONCE) as pool:
        buyers = [pool.submit(sell, first) for first in range(BUYERS_AT_ONCE)]
        try:
            for name, hurt in broken:
                print(name)
                hurt()
                time.sleep(shop.chance.uniform(*PAUSE_S))
        finally:
            is_over.set()
        sold = sum(buyer.result() for buyer in buyers)
    shop.clear_faults()
    record_property("sales made while everything died", sold)

    settle(shop)
    assert wrongs(shop) == [], f"CHAOS_SEED={shop.seed}, {sold} sales"


def _finds_only_what_was_moved(
    shop: Shop, done: subprocess.CompletedProcess[str], mark: str
) -> None:
    """Hold that a command found nothing but the calls whose deadline a test changed past us."""
    found = [line for line in done.stdout.splitlines() if line.strip().startswith(mark)]
    assert done.returncode == int(bool(found)), done.stdout + done.stderr
    assert [line for line in found if not any(call in line for call in shop.moved)] == []


def test_our_books_and_stripe_s_agree_to_the_cent(shop: Shop) -> None:
    """After all of this, fees booked: every movement, day by day, and every seal holds."""
    settle(shop)
    compared, verified = shop.stack.manage("reconcile"), shop.stack.manage("verify_ledger")

    _finds_only_what_was_moved(shop, compared, "LEDGER")
    assert not compared.returncode or " 0 between our books and Stripe's" in compared.stderr
    _finds_only_what_was_moved(shop, verified, "WRONG")
    net = sum(each["net"] for each in shop.at_stripe("balance_transactions"))
    ours = "SELECT sum(amount_minor)::bigint AS minor FROM ledger_posting WHERE account = "
    assert shop.rows(f"{ours}'assets:stripe'") == [{"minor": net}]
