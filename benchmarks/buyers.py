"""Fifty buyers press Pay within one second while Stripe takes 0.7 s for each answer.

In a stack of its own, so that each buyer can be a visitor of their own to the limits.
"""

from __future__ import annotations

import re
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from trinity.stack.private import Stack, running

BUYERS, WITHIN_S, STRIPE_TAKES_MS = 50, 1.0, 700
OFFER: Final = "/offers/acquisition-snapshot/"
TICKET: Final = re.compile(r'name="ticket" value="([^"]+)"')
KEY: Final = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
PAGES: Final = ("/", "/offers/", OFFER, "/request/")
HAND_OFF_S_MAX: Final = 30.0


@dataclass
class Told:
    """What the buyers and the other visitors were told."""

    handed_over_s: list[float] = field(default_factory=list)
    refused: int = 0
    pages_ms: list[float] = field(default_factory=list)


def run(_context: Any) -> dict[str, float]:
    told = Told()
    with tempfile.TemporaryDirectory(prefix="trinity-bench-") as folder:
        Path(folder).chmod(0o711)  # Postgres may run as another user
        with running(home=Path(folder) / "home", env={"TRUSTED_PROXY_COUNT": "1"}) as stack:
            _buy(stack, 0, 0.0, Told())  # the price is made at Stripe by the first of all
            with httpx.Client(base_url=stack.sandbox_url) as sandbox:
                slow = {"path": "/v1/checkout/sessions", "effect": "delay"}
                sandbox.post(
                    "/_sandbox/faults", json={**slow, "delay_ms": STRIPE_TAKES_MS}
                ).raise_for_status()
            _all_at_once(stack, told)
    return {
        "buyers_refused": float(told.refused),
        "buyers_handed_over": float(len(told.handed_over_s)),
        "buyers_p50_s": _share(told.handed_over_s, 0.50),
        "buyers_p95_s": _share(told.handed_over_s, 0.95),
        "pages_meanwhile_p50_ms": _share(told.pages_ms, 0.50),
        "pages_meanwhile_p95_ms": _share(told.pages_ms, 0.95),
    }


def _all_at_once(stack: Stack, told: Told) -> None:
    is_over = threading.Event()
    reader = threading.Thread(target=_read_pages, args=[stack, is_over, told])
    reader.start()
    begin_s = time.monotonic() + 5.0  # each has opened the offer's page by then
    with ThreadPoolExecutor(BUYERS) as crowd:
        for number in range(1, BUYERS + 1):
            presses_at_s = begin_s + WITHIN_S * number / BUYERS
            crowd.submit(_buy, stack, number, presses_at_s, told).add_done_callback(
                lambda done: done.result()
            )
    is_over.set()
    reader.join()


def _buy(stack: Stack, number: int, presses_at_s: float, told: Told) -> None:
    """Press Pay, and follow our own pages until Stripe's is there, as a browser does."""
    visitor = {"X-Forwarded-For": f"198.51.100.{number}"}
    with httpx.Client(base_url=stack.base_url, headers=visitor, timeout=60.0) as browser:
        page = browser.get(OFFER).raise_for_status().text
        form = {"ticket": TICKET.search(page)[1], "csrfmiddlewaretoken": KEY.search(page)[1]}
        time.sleep(max(0.0, presses_at_s - time.monotonic()))
        began_s = time.monotonic()
        said = browser.post(f"{OFFER}buy/", data=form)
        while said.status_code < 400 and time.monotonic() - began_s < HAND_OFF_S_MAX:
            if said.has_redirect_location and not said.headers["location"].startswith("/"):
                told.handed_over_s.append(time.monotonic() - began_s)
                return
            time.sleep(0 if said.has_redirect_location else 2.0)
            said = browser.get(said.headers.get("location", said.url))
        told.refused += 1


def _read_pages(stack: Stack, is_over: threading.Event, told: Told) -> None:
    visitor = {"X-Forwarded-For": "203.0.113.1"}
    with httpx.Client(base_url=stack.base_url, headers=visitor, timeout=60.0) as browser:
        while not is_over.is_set():
            for address in PAGES:
                began_s = time.monotonic()
                browser.get(address).raise_for_status()
                told.pages_ms.append((time.monotonic() - began_s) * 1000)
            time.sleep(0.02)


def _share(values: list[float], share: float) -> float:
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))] if ranked else float("nan")
