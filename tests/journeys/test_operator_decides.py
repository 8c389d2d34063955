"""Operators who decide: refunds, reviews, replays; and every other page of the console."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chaos.shop import Shop
from tests.journeys.shop import (
    Looks,
    at_desk,
    buy,
    log_in,
    new_email,
    open_offer,
    paid_order,
    press_buy,
    soon,
    visitor,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LISTS = {
    "deals": "deals",
    "contacts": "contacts",
    "orders": "orders",
    "runs": "runs",
    "offers": "offers",
    "offers/new": "new offer",
    "ledger": "ledger",
    "events": "events",
    "outbox": "outbox",
    "trace": "find a trace",
    "review": "needs review",
    "alerts": "open alerts",
    "reconcile": "comparisons",
}
ROWS = {
    "contacts": "contact",
    "offers": "offer",
    "ledger": "ledger entry",
    "outbox": "mail in the outbox",
    "events": "event",
}


def confirm(page: Page, shop: Shop) -> None:
    page.get_by_label("Your password").fill(shop.stack.owner_password)
    page.get_by_role("button", name="Confirm").click()


def mismatched(page: Page, shop: Shop, *, is_foreign: bool = False) -> str:
    """Let Stripe take $1.50 where we asked for $1.00; return the order's reference.

    ``is_foreign``: in a session that no checkout of ours opened.
    """
    open_offer(page, shop)
    session = shop.from_stripe(f"checkout/sessions/{press_buy(page)}")
    completed = session | {
        "status": "complete",
        "payment_status": "paid",
        "amount_total": 150,
        "amount_subtotal": 150,
        "payment_intent": f"pi_test_{session['id'][-20:]}",
        "customer_details": {"email": new_email("odd"), "name": "Ada Example"},
    }
    if is_foreign:
        another = {"id": f"{session['id']}other", "client_reference_id": None, "metadata": {}}
        completed |= another | {"payment_intent": f"{completed['payment_intent']}other"}
    shop.control("emit", type="checkout.session.completed", object=completed)

    def find() -> str | None:
        found = shop.rows(
            "SELECT o.reference FROM revenue_order o JOIN revenue_checkoutsession c"
            f" ON c.id = o.checkout_id WHERE c.stripe_id = '{completed['id']}'"
        )
        return str(found[0]["reference"]) if found else None

    return soon(find, what="an order to review")


def test_an_owner_refunds_and_both_sides_see_it(
    chromium: Browser, shop: Shop, looks: Looks
) -> None:
    with visitor(chromium) as (_, buyer), visitor(chromium, expects_status=[400]) as (_, desk):
        buy(buyer, shop, email=new_email("refund"))
        order = paid_order(buyer)
        log_in(desk, shop)
        desk.goto(f"{shop.stack.base_url}/console/orders/{order}/")
        desk.get_by_role("link", name="Refund…").click()
        confirm(desk, shop)
        looks.at(desk, "refund")
        for amount, badge in (("0.40", "partially refunded"), ("0.60", "refunded")):
            desk.goto(f"{shop.stack.base_url}/console/orders/{order}/refund/")
            if amount == "0.40":
                desk.get_by_label("Amount to refund").fill("7.00")
                desk.get_by_label("Why?").fill("The buyer asked for it.")
                desk.get_by_role("button", name="Review refund").click()
                expect(desk.get_by_role("main")).to_contain_text("Nothing was sent to Stripe.")
                looks.at(desk, "refund, with an error")
            desk.get_by_label("Amount to refund").fill(amount)
            desk.get_by_label("Why?").fill("The buyer asked for it.")
            desk.get_by_role("button", name="Review refund").click()
            if amount == "0.40":
                looks.at(desk, "refund, the last look")
            desk.get_by_role("button", name=f"Refund ${amount} USD").click()
            desk.wait_for_url(f"**/console/orders/{order}/")
            wait_for_badge(desk, badge)
            looks.at(desk, f"order in the console, {badge}")
            buyer.reload()
            looks.at(buyer, f"order, {badge}")
        expect(buyer.get_by_role("heading", level=1)).to_have_text("We refunded your payment.")


def wait_for_badge(page: Page, words: str) -> None:
    def look() -> bool | None:
        page.reload()
        return page.get_by_text(words, exact=True).first.is_visible() or None

    soon(look, what=f"{words!r} on {page.url}")


def test_a_mismatch_waits_for_a_verdict(chromium: Browser, shop: Shop, looks: Looks) -> None:
    with visitor(chromium) as (_, page), at_desk(chromium, shop) as desk:
        accepted, foreign = mismatched(page, shop), mismatched(page, shop, is_foreign=True)
        page.goto(f"{shop.stack.base_url}/order/{accepted}/")
        looks.at(page, "order, needs review")
        desk.goto(f"{shop.stack.base_url}/console/review/")
        looks.at(desk, "needs review")
        desk.goto(f"{shop.stack.base_url}/console/orders/{accepted}/")
        expect(desk.get_by_role("main")).to_contain_text("$1.50")
        looks.at(desk, "order in the console, needs review")
        desk.get_by_label("Why is $1.50 USD right?").fill("The buyer paid for a courier, too.")
        desk.get_by_role("button", name="as paid").click()
        expect(desk.get_by_role("main")).to_contain_text("Accepted as paid.")
        looks.at(desk, "order in the console, accepted")
        desk.goto(f"{shop.stack.base_url}/console/orders/{foreign}/")
        looks.at(desk, "order in the console, of no checkout of ours")
        desk.get_by_label("Whose is it").fill("A test of the other shop.")
        desk.get_by_role("button", name="Review: not ours").click()
        expect(desk.get_by_role("heading", name="is not ours?")).to_be_visible()
        looks.at(desk, "not ours, confirmed once more")
        desk.get_by_role("button", name="is not ours").click()
        expect(desk.get_by_role("main")).to_contain_text("not ours")
        looks.at(desk, "order in the console, not ours")


def test_a_dispute_shows_with_its_deadline(chromium: Browser, shop: Shop, looks: Looks) -> None:
    with visitor(chromium) as (_, buyer), at_desk(chromium, shop) as desk:
        session = buy(buyer, shop, email=new_email("dispute"))
        order = paid_order(buyer)
        shop.control("disputes", session=session, reason="fraudulent")
        desk.goto(f"{shop.stack.base_url}/console/orders/{order}/")
        wait_for_badge(desk, "disputed")
        expect(desk.get_by_role("main")).to_contain_text("Answer at Stripe before")
        looks.at(desk, "order in the console, disputed")
        buyer.reload()
        looks.at(buyer, "order, disputed")


def test_an_event_is_looked_into_and_replayed(chromium: Browser, shop: Shop, looks: Looks) -> None:
    with at_desk(chromium, shop) as page:
        session = buy(page, shop, email=new_email("event"))
        paid_order(page)
        [event] = [
            each["id"]
            for each in shop.events("checkout.session.completed")
            if each["data"]["object"]["id"] == session
        ]
        page.goto(f"{shop.stack.base_url}/console/events/{event}/")
        wait_for_badge(page, "processed")
        assert "@" not in page.locator("pre").first.inner_text()
        page.get_by_role("button", name="Dry run").click()
        expect(page.get_by_role("main")).to_contain_text("Dry run. Nothing was changed.")
        looks.at(page, "event, dry run")
        page.get_by_role("button", name="Replay it now").click()
        expect(page.get_by_role("main")).to_contain_text("duplicate, no change")
        looks.at(page, "event, replayed")


def test_every_other_page_of_the_console(chromium: Browser, shop: Shop, looks: Looks) -> None:
    with at_desk(chromium, shop) as page:
        for address, name in LISTS.items():
            page.goto(f"{shop.stack.base_url}/console/{address}/")
            looks.at(page, name)
            if address in ROWS:
                page.get_by_role("main").locator("table a").first.click()
                page.wait_for_url(re.compile(f"/console/{address}/."))
                looks.at(page, ROWS[address])
