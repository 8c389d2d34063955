"""Buyers who have to wait, who change their mind, or whom somebody lets down."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chaos.shop import Shop
from tests.journeys.shop import (
    BANK_REFUSES,
    PAYS_LATER,
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


def says(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(words)


def test_a_bank_that_takes_its_time_and_pays(chromium: Browser, shop: Shop, looks: Looks) -> None:
    """The page learns of it by itself; a mail tells who has closed it."""
    address = new_email("slow")
    with visitor(chromium) as (_, page):
        session = buy(page, shop, card=PAYS_LATER, email=address)
        says(page, "Your bank is processing the payment.")
        looks.at(page, "bank is processing")
        waiting_at = page.url
        page.get_by_role("link", name="See your order").click()
        looks.at(page, "order, awaiting payment")
        page.goto(waiting_at)
        shop.control("settle", session=session, succeeds=True)
        paid_order(page)
    mail_to(shop, address, subject="Your bank is processing the payment")
    mail_to(shop, address, subject="Receipt for your order")


def test_the_same_without_javascript(chromium: Browser, shop: Shop) -> None:
    with visitor(chromium, has_javascript=False) as (_, page):
        session = buy(page, shop, card=PAYS_LATER, email=new_email("slow.no.script"))
        says(page, "Your bank is processing the payment.")
        shop.control("settle", session=session, succeeds=True)
        paid_order(page)  # the page loads itself again


def test_a_bank_that_refuses_later(chromium: Browser, shop: Shop, looks: Looks) -> None:
    address = new_email("refused")
    with visitor(chromium) as (_, page):
        session = buy(page, shop, card=BANK_REFUSES, email=address)
        says(page, "Your bank is processing the payment.")
        order_page = page.get_by_role("link", name="See your order").get_attribute("href")
        shop.control("settle", session=session, succeeds=False)
        says(page, "Nothing was charged.")
        looks.at(page, "bank refused")
        page.goto(f"{shop.stack.base_url}{order_page}")
        says(page, "Nothing was charged.")
        looks.at(page, "order, failed")
    mail_to(shop, address, subject="The payment did not go through. Nothing was charged.")


def test_who_turns_back_has_not_paid(chromium: Browser, shop: Shop, looks: Looks) -> None:
    with visitor(chromium) as (_, page):
        open_offer(page, shop)
        press_buy(page)
        page.get_by_role("link", name=re.compile("back", re.IGNORECASE)).first.click()
        says(page, "You have not paid. Nothing was charged.")
        looks.at(page, "cancelled")
        page.get_by_role("link", name="Go back and pay").click()
        fill_card(page, email=new_email("undecided"))
        press_pay(page)
        paid_order(page)


def test_a_payment_page_that_ran_out(chromium: Browser, shop: Shop, looks: Looks) -> None:
    with visitor(chromium, expects_status=[410]) as (_, page):
        open_offer(page, shop)
        session = press_buy(page)
        shop.control("expire", session=session)
        page.reload()
        expect(page.get_by_role("main")).to_contain_text("expired")
        page.goto(f"{shop.stack.base_url}/return/?session_id={session}")
        says(page, "The payment page has expired. Nothing was charged.")
        looks.at(page, "expired")
        page.get_by_role("link", name="Back to the offer").click()
        page.get_by_role("button", name="Pay $1.00").wait_for()


def test_stripe_is_away_and_comes_back(chromium: Browser, shop: Shop, looks: Looks) -> None:
    """The buyer reads that nothing was charged, and the page finds the way on by itself."""
    with visitor(chromium) as (_, page):
        open_offer(page, shop)
        shop.control("faults", method="POST", path="/v1/checkout/sessions", effect="drop", count=1)
        page.get_by_role("button", name="Pay $1.00").click()
        says(page, "the payment page is being opened")
        assert "Nothing has been charged." in page.get_by_role("main").inner_text()
        looks.at(page, "payment page being opened")
        page.go_back()
        press_buy(page)  # the same form: the same checkout, opened now
        fill_card(page, email=new_email("patient"))
        press_pay(page)
        paid_order(page)


def test_a_return_that_stripe_does_not_confirm_yet(
    chromium: Browser, shop: Shop, looks: Looks
) -> None:
    """Neither the webhook nor Stripe's answer is there: the page waits, then knows."""
    with visitor(chromium) as (_, page):
        open_offer(page, shop)
        session = press_buy(page)
        fill_card(page, email=new_email("confirming"))
        shop.control("faults", target="webhook", effect="delay", delay_ms=4000)
        shop.control(
            "faults", method="GET", path="/v1/checkout/sessions", effect="status", status=500
        )
        page.goto(f"{shop.stack.base_url}/return/?session_id={session}")
        says(page, "We are confirming your payment.")
        looks.at(page, "confirming")
        shop.clear_faults()
        shop.pay(session)
        paid_order(page)


def test_a_stranger_s_return_and_an_unknown_session(
    chromium: Browser, shop: Shop, looks: Looks
) -> None:
    with visitor(chromium, expects_status=[403, 404, 503]) as (_, page):
        page.goto(f"{shop.stack.base_url}/return/?session_id=never")
        looks.at(page, "return, unknown session")
        page.goto(f"{shop.stack.base_url}/return/?session_id=cs_test_never")
        looks.at(page, "return, a session that nobody told us of")
        [checkout] = shop.rows("SELECT reference FROM revenue_checkoutsession ORDER BY id LIMIT 1")
        page.goto(f"{shop.stack.base_url}/checkout/{checkout['reference']}/")
        looks.at(page, "checkout of somebody else")
