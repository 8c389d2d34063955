"""Buyers who get what they came for: with and without JavaScript, by keyboard, by mail."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from statistics import quantiles

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chaos.shop import Shop
from tests.journeys.shop import (
    DECLINED,
    Looks,
    buy,
    fill_card,
    mail_to,
    new_email,
    open_offer,
    paid_order,
    press_buy,
    press_pay,
    visitor,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PURCHASES = 6
TABS_MAX = 60
LINK = re.compile(r"http\S+/o/\S+")


def heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


def test_from_the_front_page_to_the_receipt(chromium: Browser, shop: Shop, looks: Looks) -> None:
    with visitor(chromium) as (_, page):
        page.goto(shop.stack.base_url)
        looks.at(page, "offers")
        open_offer(page, shop)
        looks.at(page, "offer")
        press_buy(page)
        fill_card(page, email=new_email("ada"))
        press_pay(page)
        paid_order(page)
        looks.at(page, "order, paid")

        page.get_by_role("link", name="refund policy").first.click()
        looks.at(page, "refund policy")
        page.go_back()
        page.get_by_role("link", name=re.compile("receipt", re.IGNORECASE)).first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Receipt")
        looks.at(page, "receipt")
        page.emulate_media(media="print")
        assert page.get_by_text("$1.00").first.is_visible()
        assert not page.get_by_role("link", name="For our team: log in").is_visible()
        assert not page.get_by_role("button").first.is_visible()


def test_without_javascript(chromium: Browser, shop: Shop) -> None:
    with visitor(chromium, has_javascript=False) as (_, page):
        buy(page, shop, email=new_email("no.script"))
        paid_order(page)


def test_with_the_keyboard_alone(chromium: Browser, shop: Shop) -> None:
    with visitor(chromium) as (_, page):

        def tab_to(part: str) -> None:
            for _ in range(TABS_MAX):
                page.keyboard.press("Tab")
                words = page.evaluate(
                    "(e => e.innerText || e.labels?.[0]?.innerText || '')(document.activeElement)"
                )
                if part in words:
                    return
            raise AssertionError(f"Tab never came to {part!r} on {page.url}")

        page.goto(shop.stack.base_url)
        tab_to("Acquisition snapshot")
        page.keyboard.press("Enter")
        page.wait_for_url("**/offers/**")
        tab_to("Pay $1.00")
        page.keyboard.press("Enter")
        page.wait_for_url("**/c/pay/**")
        for label, words in (
            ("E-mail", new_email("keys")),
            ("Card number", "4242424242424242"),
            ("Expiry", "1234"),
            ("Security code", "123"),
            ("Name on card", "Ada Example"),
        ):
            tab_to(label)
            page.keyboard.type(words)
        page.keyboard.press("Enter")
        paid_order(page)


def test_a_declined_card_stays_and_another_pays(chromium: Browser, shop: Shop) -> None:
    with visitor(chromium, expects_status=[402]) as (_, page):
        buy(page, shop, card=DECLINED, email=new_email("declined"))
        expect(page.get_by_role("alert")).to_contain_text("Nothing was charged.")
        fill_card(page, email=new_email("declined"))
        press_pay(page)
        paid_order(page)


def test_the_link_in_the_receipt_opens_the_order_anywhere(
    chromium: Browser, shop: Shop, looks: Looks
) -> None:
    address = new_email("mail")
    with visitor(chromium) as (_, page):
        buy(page, shop, email=address)
        order = paid_order(page)
    link = LINK.findall(mail_to(shop, address, subject="Receipt for your order"))[0]

    for _ in range(2):  # a mail scanner opens it first
        with visitor(chromium) as (_, page):
            page.goto(link)
            assert paid_order(page) == order
            assert "/o/" not in page.url

    with visitor(chromium, expects_status=[403, 404]) as (_, page):
        page.goto(f"{shop.stack.base_url}/order/{order}/")
        looks.at(page, "order, closed")
        assert "$1.00" not in page.content()
        page.goto(f"{shop.stack.base_url}/o/never-given-to-anybody/")
        looks.at(page, "link, unknown")


def test_a_lost_link_is_sent_again(chromium: Browser, shop: Shop, looks: Looks) -> None:
    address = new_email("lost")
    with visitor(chromium) as (_, page):
        buy(page, shop, email=address)
        order = paid_order(page)
    with visitor(chromium) as (_, page):
        page.goto(f"{shop.stack.base_url}/order-link/")
        looks.at(page, "order link")
        page.get_by_label("E-mail").fill(address)
        page.get_by_role("main").get_by_role("button").click()
        page.wait_for_url("**/order-link/sent/")
        looks.at(page, "order link, asked")
        shop.sweep()
        page.goto(LINK.findall(mail_to(shop, address, subject="The link to your order"))[0])
        assert paid_order(page) == order


def test_how_soon_a_payment_shows(
    chromium: Browser, shop: Shop, record_property: Callable[[str, object], None]
) -> None:
    """From the signed webhook's departure to the word "Thank you" on the buyer's page."""
    waits_ms = []
    with visitor(chromium) as (_, page):
        for _ in range(PURCHASES):
            session = buy(page, shop, email=new_email("soon"))
            page.get_by_text("Thank you.").wait_for()
            shown_at_s = time.time()
            waits_ms.append((shown_at_s - notified_at_s(shop, session)) * 1000)

    p95 = quantiles(waits_ms, n=20)[-1]
    record_property("signed webhook to paid on the buyer's page, p95", f"{p95:.0f} ms")
    assert len(waits_ms) == PURCHASES


def notified_at_s(shop: Shop, session: str) -> float:
    """Return when the webhook about a completed session left, in seconds since the epoch."""
    events = [
        event
        for event in shop.events("checkout.session.completed")
        if event["data"]["object"]["id"] == session
    ]
    return float(events[0]["deliveries"][0]["tries"][0]["started_at"])
