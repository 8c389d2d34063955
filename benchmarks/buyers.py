"""Fifty buyers press Pay within one second while Stripe takes 0.7 s for each answer.

In a stack of its own, so that each buyer can be a visitor of their own to the limits. Other pages
are read meanwhile, from another process: the crowd shares this one's interpreter.
"""

from __future__ import annotations

import http.client
import multiprocessing
import re
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx

from trinity.stack.private import Stack, running

BUYERS, WITHIN_S, STRIPE_TAKES_MS = 50, 1.0, 700
READ_S: Final = 6.0  # the other visitors, from the first press on
OFFER: Final = "/offers/acquisition-snapshot/"
TICKET: Final = re.compile(r'name="ticket" value="([^"]+)"')
KEY: Final = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
PAGES: Final = ("/", OFFER, "/request/")
GIVE_UP_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Buyer:
    """Somebody with the offer's page before them."""

    origin: str
    headers: dict[str, str]
    form: str

    @classmethod
    def arrived(cls, origin: str, *, number: int) -> Buyer:
        visitor = {"X-Forwarded-For": f"198.51.100.{number}", "Connection": "close"}
        answer = ask(origin, "GET", OFFER, headers=visitor)
        page = answer.read().decode()
        cookies = [one.partition(";")[0] for one in answer.headers.get_all("Set-Cookie", [])]
        typed = {"ticket": TICKET.search(page)[1], "csrfmiddlewaretoken": KEY.search(page)[1]}
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": "; ".join(cookies)}
        return cls(origin, visitor | kind, urlencode(typed))

    def press(self, *, at_s: float) -> float | None:
        """Press Pay; return the seconds until Stripe's page is known, None where that is refused.

        Our own pages are followed as a browser follows them.
        """
        time.sleep(max(0.0, at_s - time.monotonic()))
        began_s = time.monotonic()
        said = ask(self.origin, "POST", f"{OFFER}buy/", body=self.form, headers=self.headers)
        while said.status < 400 and time.monotonic() - began_s < GIVE_UP_S:
            to = said.headers.get("Location", "")
            if to and not to.startswith("/"):
                return time.monotonic() - began_s
            time.sleep(0 if to else 2.0)
            said = ask(self.origin, "GET", to, headers=self.headers)
        return None


def run(_context: Any) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="trinity-bench-") as folder:
        Path(folder).chmod(0o711)  # Postgres may run as another user
        with running(home=Path(folder) / "home", env={"TRUSTED_PROXY_COUNT": "1"}) as stack:
            Buyer.arrived(stack.base_url, number=0).press(at_s=0.0)  # makes the price at Stripe
            _slow_down(stack)
            waited_s, pages_ms = _all_at_once(stack.base_url)
    handed_over_s = [each for each in waited_s if each is not None]
    return {
        "buyers_refused": float(BUYERS - len(handed_over_s)),
        "buyers_p50_s": _share(handed_over_s, 0.50),
        "buyers_p95_s": _share(handed_over_s, 0.95),
        "pages_meanwhile_p50_ms": _share(pages_ms, 0.50),
        "pages_meanwhile_p95_ms": _share(pages_ms, 0.95),
    }


def _slow_down(stack: Stack) -> None:
    key = {"Authorization": f"Bearer {stack.env['STRIPE_SECRET_KEY']}"}
    slow = {"path": "/v1/checkout/sessions", "effect": "delay", "delay_ms": STRIPE_TAKES_MS}
    httpx.post(f"{stack.sandbox_url}/_sandbox/faults", json=slow, headers=key).raise_for_status()


def _all_at_once(origin: str) -> tuple[list[float | None], list[float]]:
    crowd = [Buyer.arrived(origin, number=number) for number in range(1, BUYERS + 1)]
    apart = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=apart) as reader, ThreadPoolExecutor(BUYERS) as threads:
        reader.submit(time.monotonic).result()  # it is there
        begin_s = time.monotonic() + 0.5
        pages = reader.submit(read_pages, origin)
        pressed = [
            threads.submit(buyer.press, at_s=begin_s + WITHIN_S * number / BUYERS)
            for number, buyer in enumerate(crowd)
        ]
        return [each.result() for each in pressed], pages.result()


def read_pages(origin: str) -> list[float]:
    """Open pages one after the other for READ_S; return how long each took, in milliseconds."""
    took_ms, until_s = [], time.monotonic() + READ_S
    while time.monotonic() < until_s:
        for address in PAGES:
            began_s = time.monotonic()
            ask(origin, "GET", address, headers={"X-Forwarded-For": "203.0.113.1"}).read()
            took_ms.append((time.monotonic() - began_s) * 1000)
    return took_ms


def ask(
    origin: str, method: str, path: str, *, headers: dict[str, str], body: str | None = None
) -> http.client.HTTPResponse:
    line = http.client.HTTPConnection(urlsplit(origin).netloc, timeout=GIVE_UP_S)
    line.request(method, path, body=body, headers=headers)
    return line.getresponse()


def _share(values: list[float], share: float) -> float:
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))] if ranked else float("nan")
