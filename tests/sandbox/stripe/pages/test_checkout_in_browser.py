"""The hosted pages in a real browser: a purchase by keyboard, and accessibility."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.sandbox.in_browser import assert_accessible
from tests.sandbox.running_sandbox import RunningSandbox, WebhookReceiver

pytestmark = pytest.mark.browser


def fill_by_keyboard(page: Page, number: str) -> None:
    page.get_by_label("E-mail").focus()
    for text in ("ann@example.com", number, "12/34", "123", "Ann Buyer"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")


def test_a_buyer_is_declined_and_then_pays_with_the_keyboard_only(
    sandbox: RunningSandbox, receiver: WebhookReceiver, plain_page: Page
) -> None:
    landing = f"http://localhost:{receiver.port}/back?cs={{CHECKOUT_SESSION_ID}}"
    session = sandbox.open_session(success_url=landing)
    plain_page.route("**/back?*", lambda route: route.fulfill(body="welcome back"))
    plain_page.goto(session.url)

    fill_by_keyboard(plain_page, "4000 0000 0000 0002")
    expect(plain_page.get_by_role("alert")).to_contain_text("Your card was declined.")
    expect(plain_page.get_by_label("E-mail")).to_have_value("ann@example.com")
    plain_page.get_by_label("Card number").fill("4242 4242 4242 4242")
    plain_page.get_by_label("Security code").fill("123")
    plain_page.get_by_role("button", name="Pay $1.00 USD").click()

    plain_page.wait_for_url(f"**/back?cs={session.id}")
    paid = sandbox.client().checkout.sessions.retrieve(session.id)
    assert paid.payment_status == "paid"


def test_a_buyers_pages_are_accessible_and_say_sandbox(sandbox: RunningSandbox, page: Page) -> None:
    session = sandbox.open_session()
    page.goto(session.url)
    assert_accessible(page)
    page.get_by_role("button", name="Pay $1.00 USD").click()
    expect(page.get_by_role("alert")).to_contain_text("Please check 5 fields below.")
    assert_accessible(page)

    sandbox.pay(session.id)
    expired = sandbox.open_session()
    sandbox.control("expire", session=expired.id)
    for path in (f"/c/pay/{session.id}", f"/c/pay/{expired.id}", "/c/pay/none", "/nowhere"):
        page.goto(sandbox.base + path)
        assert_accessible(page)
