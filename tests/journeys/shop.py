"""A running shop for the journeys: one private stack, people in front of it, an eye for looks.

Its fixtures are in ``tests/journeys/conftest.py`` for every test beside it.
"""

from __future__ import annotations

import email
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from itertools import count
from typing import Any, Final, TypeVar

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.chaos.shop import Shop
from tests.journeys.a11y import IN_THE_DARK, ON_A_PHONE, problems, too_small_to_touch
from tests.journeys.browsing import DESK, PHONE, window
from tests.prepared import running_again

T = TypeVar("T")
ENVIRONMENT: Final = {
    "TRUSTED_PROXY_COUNT": "1",  # every window is a visitor of its own to the limits
    "SANDBOX_DELAYED_PAYMENT_S": "600",  # banks answer when a test says so
    "SANDBOX_WEBHOOK_BACKOFF_S": "0.2",
}
PAYS, DECLINED = "4242 4242 4242 4242", "4000 0000 0000 0002"
PAYS_LATER, BANK_REFUSES = "4000 0000 0000 2222", "4000 0000 0000 6611"
BEING_PREPARED = "Thank you. Your order is being prepared."
WE_HAVE_THE_PAYMENT = "Thank you. We received your payment."
SOON_S: Final = 20.0
SESSION: Final = re.compile(r"cs_[A-Za-z0-9_]+")
ORDER: Final = re.compile(r"ord_[0-9a-z]{26}")
_visitors = count(1)
_owner_cookies: list[Any] = []


@pytest.fixture(scope="package")  # ends with the last journey: an idle stack works too
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    home = tmp_path_factory.mktemp("journeys") / "home"
    with running_again(home=home, env=ENVIRONMENT) as stack:
        expect.set_options(timeout=SOON_S * 1000)
        yield Shop(stack, seed=0)


@dataclass
class Looks:
    """Looks at each page once: axe by day and by night, no sideways scrolling at 320 px."""

    seen: set[str] = field(default_factory=set)
    found: list[str] = field(default_factory=list)

    def at(self, page: Page, name: str) -> None:
        """Look at what ``page`` shows now; what is wrong fails the test at its end."""
        if name in self.seen:
            return
        self.seen.add(name)
        self.found += problems(page, name=name)
        page.emulate_media(color_scheme="dark")
        self.found += problems(page, name=f"{name}, dark", rules=IN_THE_DARK)
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        self.found += problems(page, name=f"{name}, 320 px", rules=ON_A_PHONE)
        self.found += too_small_to_touch(page, name=f"{name}, 320 px")
        page.set_viewport_size({"width": DESK[0], "height": DESK[1]})


@pytest.fixture(scope="session")
def _all_looks() -> Looks:
    return Looks()


@pytest.fixture
def looks(_all_looks: Looks) -> Iterator[Looks]:
    _all_looks.found.clear()
    yield _all_looks
    assert not _all_looks.found, "\n".join(_all_looks.found)


@contextmanager
def visitor(chromium: Browser, **more: Any) -> Iterator[tuple[BrowserContext, Page]]:
    """Open the window of somebody at an address of their own."""
    with window(chromium, **more) as (context, page):
        number = next(_visitors)
        address = f"10.30.{number // 250}.{number % 250 + 1}"
        context.set_extra_http_headers({"X-Forwarded-For": address})
        yield context, page


def new_email(who: str) -> str:
    """Make up an address of a company of its own."""
    return f"{who}@works-{secrets.token_hex(3)}.example"


def open_offer(page: Page, shop: Shop) -> None:
    page.goto(shop.stack.base_url)
    page.get_by_role("link", name="Acquisition snapshot").first.click()


def press_buy(page: Page) -> str:
    """Press Pay on the offer; return the session of the page that opens."""
    page.get_by_role("button", name="Pay").click()
    page.wait_for_url("**/c/pay/**")
    return SESSION.findall(page.url)[0]


def fill_card(page: Page, *, card: str = PAYS, email: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Card number").fill(card)
    page.get_by_label("Expiry").fill("12 / 34")
    page.get_by_label("Security code").fill("123")
    page.get_by_label("Name on card").fill("Ada Example")


def press_pay(page: Page) -> None:
    page.get_by_role("button", name="Pay $").click()


def buy(page: Page, shop: Shop, *, card: str = PAYS, email: str) -> str:
    """Buy the snapshot from the front page on; return the session."""
    open_offer(page, shop)
    session = press_buy(page)
    fill_card(page, card=card, email=email)
    press_pay(page)
    return session


def paid_order(page: Page, *, heading: str = BEING_PREPARED) -> str:
    """Wait until the page is that of a paid order; return its reference."""
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    return ORDER.findall(page.url)[0]


def log_in(page: Page, shop: Shop, *, email: str = "", password: str = "") -> None:
    """Log in, as the owner unless somebody else is named."""
    page.goto(f"{shop.stack.base_url}/console/")
    page.get_by_label("E-mail").fill(email or shop.stack.owner_email)
    page.get_by_label("Password").fill(password or shop.stack.owner_password)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url("**/console/")


@contextmanager
def at_desk(chromium: Browser, shop: Shop) -> Iterator[Page]:
    """Open the window of an owner who logged in some time ago."""
    with visitor(chromium) as (context, page):
        if not _owner_cookies:
            log_in(page, shop)
            _owner_cookies.extend(context.cookies())
        context.add_cookies(_owner_cookies)
        yield page


def soon(look: Callable[[], T | None], *, what: str, within_s: float = SOON_S) -> T:
    """Ask until there is something; for what no page waits for."""
    deadline = time.monotonic() + within_s
    while (found := look()) is None:
        assert time.monotonic() < deadline, f"{what}: not within {within_s:.0f} s"
        time.sleep(0.1)
    return found


def mail_to(shop: Shop, address: str, *, subject: str) -> str:
    """Wait for a mail to ``address`` whose subject holds ``subject``; return its text."""

    def look() -> str | None:
        for file in sorted((shop.stack.home.path / "mail").glob("*"), reverse=True):
            for raw in file.read_bytes().split(b"\n" + b"-" * 79 + b"\n"):
                mail = email.message_from_bytes(raw, policy=policy.default)
                if address in str(mail["To"]) and subject in str(mail["Subject"]):
                    body = mail.get_body(("plain",))
                    return body.get_content() if body else None
        return None

    return soon(look, what=f"a mail to {address}, {subject!r}")
