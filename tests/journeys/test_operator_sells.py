"""Operators who sell: a request becomes a lead, a link, a payment, a trace; auditors look on."""

from __future__ import annotations

import re
import secrets

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chaos.shop import Shop
from tests.journeys.shop import (
    BEING_PREPARED,
    WE_HAVE_THE_PAYMENT,
    Looks,
    at_desk,
    buy,
    fill_card,
    log_in,
    mail_to,
    new_email,
    paid_order,
    press_pay,
    visitor,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]

INVITATION = re.compile(r"http\S+/accounts/password/reset/key/\S+")
PASSWORD = "correct horse battery staple"


def ask_for_a_snapshot(page: Page, shop: Shop, *, email: str, company: str) -> None:
    page.goto(f"{shop.stack.base_url}/request/")
    page.get_by_label("name").first.fill("Ada Example")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Company").fill(company)
    page.locator("textarea").first.fill("Which three customers should we speak to first?")
    page.get_by_role("button", name="Send the request").click()
    page.wait_for_url("**/request/thanks/")


def open_lead(page: Page, shop: Shop, company: str) -> None:
    page.goto(f"{shop.stack.base_url}/console/leads/")
    page.get_by_role("link", name=company).click()


def test_a_request_becomes_a_sale_by_payment_link(
    chromium: Browser, shop: Shop, looks: Looks
) -> None:
    email, company = new_email("lead"), f"Example Works {secrets.token_hex(3)}"
    with visitor(chromium, expects_status=[400]) as (_, page):
        page.goto(f"{shop.stack.base_url}/request/")
        looks.at(page, "request")
        page.get_by_role("button", name="Send the request").click()
        page.get_by_role("alert").wait_for()
        looks.at(page, "request, with errors")
        ask_for_a_snapshot(page, shop, email=email, company=company)
        looks.at(page, "request, thanks")

    with visitor(chromium) as (_, desk), visitor(chromium) as (_, buyer):
        log_in(desk, shop)
        looks.at(desk, "dashboard")
        desk.get_by_role("link", name="Leads").first.click()
        looks.at(desk, "leads")
        desk.get_by_role("link", name=company).click()
        looks.at(desk, "deal, a lead")
        desk.get_by_role("button", name="Accept this lead").click()
        desk.get_by_role("button", name="Make a payment link").wait_for()
        looks.at(desk, "deal, accepted")
        deal = desk.url
        desk.get_by_role("button", name="Make a payment link").click()
        looks.at(desk, "payment link, active")
        made = desk.url
        address = desk.get_by_label("Send this address to the buyer").input_value()

        buyer.goto(address)
        fill_card(buyer, email=email)
        press_pay(buyer)
        order = paid_order(buyer)

        desk.goto(made)
        expect(desk.get_by_role("heading", level=1)).to_have_text("The link was paid.")
        looks.at(desk, "payment link, used")
        desk.goto(deal)
        expect(desk.get_by_role("main")).to_contain_text("Won")
        looks.at(desk, "deal, won")
        for row, name in (("Run", "run"), ("Order", "order in the console")):
            desk.goto(deal)
            desk.get_by_role("row", name=row).get_by_role("link").first.click()
            looks.at(desk, name)
        assert order in desk.url
        desk.get_by_role("link", name="Follow the trace").click()
        looks.at(desk, "trace")
        for stage in ("Request", "Lead review", "Sales assignment", "Payment"):
            assert desk.get_by_role("heading", name=stage).first.is_visible()
        assert email not in desk.content()
        desk.get_by_role("button", name="Reveal (recorded)").click()
        expect(desk.get_by_role("main")).to_contain_text(email)
        looks.at(desk, "trace, revealed")


@pytest.mark.parametrize("has_javascript", [True, False])
def test_who_pays_by_a_link_before_anybody_tells_us_of_it_waits_and_sees_the_order(
    has_javascript: bool, chromium: Browser, shop: Shop, looks: Looks
) -> None:
    """The first word of a link's session may come late: until then the page claims nothing."""
    email, company = new_email("early"), f"Early Works {secrets.token_hex(3)}"
    with (
        at_desk(chromium, shop) as desk,
        visitor(chromium, has_javascript=has_javascript, expects_status=[503]) as (_, buyer),
    ):
        ask_for_a_snapshot(buyer, shop, email=email, company=company)
        open_lead(desk, shop, company)
        desk.get_by_role("button", name="Accept this lead").click()
        desk.get_by_role("button", name="Make a payment link").click()
        buyer.goto(desk.get_by_label("Send this address to the buyer").input_value())
        fill_card(buyer, email=email)
        shop.control("faults", target="webhook", effect="delay", delay_ms=15_000)
        shop.control(
            "faults", method="GET", path="/v1/checkout/sessions", effect="status", status=500
        )
        # A page that is to look again by itself is never done, so nobody waits for that.
        buyer.get_by_role("button", name="Pay $").click(no_wait_after=True)
        heading = buyer.get_by_role("heading", level=1)
        expect(heading).to_have_text("We are confirming your payment.")
        assert "another shop" not in buyer.get_by_role("main").inner_text()
        if has_javascript:
            looks.at(buyer, "return, before the first word of the session")
        shop.clear_faults()
        paid_order(buyer)  # the page asks again by itself


def test_a_checkout_is_prepared_and_a_second_payment_is_noticed(
    chromium: Browser, shop: Shop, looks: Looks
) -> None:
    email, company = new_email("twice"), f"Twice Works {secrets.token_hex(3)}"
    with at_desk(chromium, shop) as desk, visitor(chromium) as (_, buyer):
        ask_for_a_snapshot(buyer, shop, email=email, company=company)
        open_lead(desk, shop, company)
        desk.get_by_role("button", name="Accept this lead").click()
        deal = desk.url
        addresses = []
        for verb in ("Prepare a checkout", "Make a payment link"):
            desk.goto(deal)
            desk.get_by_role("button", name=verb).click()
            looks.at(desk, verb)
            addresses.append(desk.get_by_label("Send this address to the buyer").input_value())
        # The second one's work waits for a person, so its page promises none.
        for address, heading in zip(addresses, (BEING_PREPARED, WE_HAVE_THE_PAYMENT), strict=True):
            buyer.goto(address)
            fill_card(buyer, email=email)
            press_pay(buyer)
            order = paid_order(buyer, heading=heading)

        looks.at(buyer, "order, maybe paid twice")
        desk.goto(f"{shop.stack.base_url}/console/orders/{order}/")
        expect(desk.get_by_role("main")).to_contain_text("Possible double payment.")
        looks.at(desk, "order in the console, maybe paid twice")


def test_a_lead_is_declined(chromium: Browser, shop: Shop) -> None:
    company = f"Nothing Works {secrets.token_hex(3)}"
    with at_desk(chromium, shop) as page:
        ask_for_a_snapshot(page, shop, email=new_email("declined"), company=company)
        open_lead(page, shop, company)
        page.get_by_text("Decline it instead").click()
        page.get_by_label("Why do you decline?").fill("Outside of what we do.")
        page.get_by_role("button", name="Decline this lead").click()
        expect(page.get_by_role("main")).to_contain_text("Lost")
        page.goto(f"{shop.stack.base_url}/console/leads/")
        assert page.get_by_role("link", name=company).count() == 0


def test_search_finds_a_sale_by_anything_known(chromium: Browser, shop: Shop, looks: Looks) -> None:
    email = new_email("needle")
    with at_desk(chromium, shop) as page:
        session = buy(page, shop, email=email)
        order = paid_order(page)
        page.goto(f"{shop.stack.base_url}/console/")
        for known in (order, session):
            page.get_by_role("searchbox").first.fill(known)
            page.keyboard.press("Enter")
            page.wait_for_url(re.compile(r"/console/(orders|trace|checkouts)/"))
        page.get_by_role("searchbox").first.fill(email[:-4])
        page.keyboard.press("Enter")
        expect(page.get_by_role("main")).to_contain_text(email)
        looks.at(page, "search, found")
        page.goto(f"{shop.stack.base_url}/console/search/?q=nothing-like-this")
        looks.at(page, "search, nothing")


def test_an_invited_auditor_sees_and_cannot_touch(
    chromium: Browser, shop: Shop, looks: Looks
) -> None:
    email = new_email("auditor")
    with visitor(chromium) as (_, page):
        buy(page, shop, email=new_email("audited"))
        order = paid_order(page)
        log_in(page, shop)
        page.goto(f"{shop.stack.base_url}/console/people/invite/")
        page.get_by_label("Your password").fill(shop.stack.owner_password)
        page.get_by_role("button", name="Confirm").click()
        form = page.get_by_role("main")
        form.get_by_label("E-mail").fill(email)
        form.get_by_label("Name").first.fill("Grace")
        form.get_by_role("radio", name="Auditor").check()
        page.get_by_role("button", name="Send the invitation").click()
        page.wait_for_url("**/console/people/**")
        looks.at(page, "people")
    link = INVITATION.findall(mail_to(shop, email, subject="invites you"))[0]

    with visitor(chromium, expects_status=[403]) as (_, page):
        page.goto(link)
        looks.at(page, "choose a password")
        for box in page.get_by_label(re.compile("password", re.IGNORECASE)).all():
            box.fill(PASSWORD)
        page.get_by_role("button", name="Save this password").click()
        log_in(page, shop, email=email, password=PASSWORD)
        [event] = shop.rows(
            "SELECT stripe_id FROM revenue_stripewebhookevent e JOIN revenue_order o"
            f" ON o.id = e.order_id WHERE o.reference = '{order}' LIMIT 1"
        )
        for address in ("", f"orders/{order}/", f"events/{event['stripe_id']}/", "offers/"):
            page.goto(f"{shop.stack.base_url}/console/{address}")
            looks.at(page, f"auditor: /console/{address.split('/')[0]}")
            verbs = page.get_by_role("main").get_by_role("button").all_inner_texts()
            assert verbs == [], (address, verbs)
        page.goto(f"{shop.stack.base_url}/console/orders/{order}/refund/")
        expect(page.get_by_role("heading", level=1)).to_contain_text("You don’t have access")
