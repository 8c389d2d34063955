"""The sandbox's pages in a real browser: a purchase by keyboard, control, and accessibility."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.sandbox.running_sandbox import RunningSandbox, Sink

pytestmark = pytest.mark.browser
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
CONTRAST = {"runOnly": ["color-contrast"]}  # All that differs in the dark.
NARROW = {"width": 320, "height": 640}


@pytest.fixture
def browser(chromium: Browser) -> Browser:
    return chromium


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def plain_page(browser: Browser) -> Iterator[Page]:
    """A narrow window without JavaScript."""
    context = browser.new_context(viewport=NARROW, java_script_enabled=False)
    yield context.new_page()
    context.close()


def assert_accessible(page: Page) -> None:
    for scheme, rules in (("light", WCAG), ("dark", CONTRAST)):
        page.emulate_media(color_scheme=scheme)
        results = Axe().run(page, options=rules)
        assert results.violations_count == 0, results.generate_report()
    assert page.locator(".band").inner_text().startswith("Sandbox.")


def fill_by_keyboard(page: Page, number: str) -> None:
    page.get_by_label("E-mail").focus()
    for text in ("ann@example.com", number, "12/34", "123", "Ann Buyer"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")


def test_a_buyer_is_declined_and_then_pays_with_the_keyboard_only(
    sandbox: RunningSandbox, sink: Sink, plain_page: Page
) -> None:
    landing = f"http://localhost:{sink.port}/back?cs={{CHECKOUT_SESSION_ID}}"
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
    sandbox.drill("expire", session=expired.id)
    for path in (f"/c/pay/{session.id}", f"/c/pay/{expired.id}", "/c/pay/none", "/nowhere"):
        page.goto(sandbox.base + path)
        assert_accessible(page)


def test_the_control_page_is_accessible(sandbox: RunningSandbox, page: Page) -> None:
    sandbox.drill("reset")
    sandbox.open_session()
    sandbox.drill("disputes", charge=sandbox.paid_charge().id)
    sandbox.drill("refunds", charge=sandbox.paid_charge().id, outcome="pending")
    sandbox.drill("faults", effect="delay", delay_ms=1, path="/v1/unicorns")

    for tab in ("", "payments", "webhooks", "trouble"):
        page.goto(f"{sandbox.base}/_sandbox/{tab}")
        assert_accessible(page)


def test_nothing_is_wider_than_320_px(sandbox: RunningSandbox, browser: Browser) -> None:
    charge = sandbox.paid_charge()
    sandbox.drill("disputes", charge=charge.id)
    context = browser.new_context(viewport=NARROW)
    narrow = context.new_page()
    for path in (
        sandbox.open_session().url.removeprefix(sandbox.base),
        "/_sandbox/",
        "/_sandbox/payments",
        "/_sandbox/webhooks",
        "/_sandbox/trouble",
    ):
        narrow.goto(sandbox.base + path)
        assert narrow.evaluate("document.documentElement.scrollWidth") <= 320, path
    context.close()


def test_a_person_plays_the_bank(sandbox: RunningSandbox, plain_page: Page) -> None:
    stripe_v1 = sandbox.client()
    charge = sandbox.paid_charge(unit_amount=7_700)
    plain_page.goto(f"{sandbox.base}/_sandbox/payments")
    payment = plain_page.locator("article").filter(has_text=charge.id)

    payment.get_by_label("Amount to refund, in USD").fill("seven")
    payment.get_by_role("button", name="Refund this amount").click()
    expect(plain_page.get_by_role("status")).to_contain_text("'seven' is no amount of USD")
    payment.get_by_label("Amount to refund, in USD").fill("7.00")
    payment.get_by_role("button", name="Refund this amount").click()

    expect(plain_page.get_by_role("status")).to_have_text("The refund was made.")
    assert stripe_v1.charges.retrieve(charge.id).amount_refunded == 700

    payment.get_by_label("Dispute, because").select_option("duplicate")
    payment.get_by_role("button", name="Open a dispute").click()
    expect(plain_page.get_by_role("status")).to_have_text("The dispute is open.")
    payment.get_by_role("button", name="Seller wins").click()
    expect(plain_page.get_by_role("status")).to_have_text("The seller won; the money comes back.")

    expect(payment).to_contain_text("won")
    (dispute,) = stripe_v1.disputes.list({"charge": charge.id}).data
    assert (dispute.reason, dispute.status) == ("duplicate", "won")


def test_a_person_makes_trouble_and_ends_it(sandbox: RunningSandbox, plain_page: Page) -> None:
    plain_page.goto(f"{sandbox.base}/_sandbox/trouble")
    form = plain_page.locator("section").filter(has_text="For webhooks")

    form.get_by_label("What goes wrong").select_option("duplicate")
    form.get_by_role("button", name="Put in force").click()

    (rule,) = sandbox.ask("faults")["data"]
    assert (rule["effect"], rule["type"], rule["times"], rule["count"]) == (
        "duplicate",
        "checkout.session.completed",
        3,
        1,
    )
    plain_page.get_by_role("button", name="Remove").click()
    assert sandbox.ask("faults")["data"] == []


def test_a_rule_that_cannot_be_is_refused_in_words(
    sandbox: RunningSandbox, plain_page: Page
) -> None:
    plain_page.goto(f"{sandbox.base}/_sandbox/trouble")

    def send(**typed: str) -> str:
        form = plain_page.locator("section").filter(has_text="For API calls")
        form.get_by_label("What goes wrong").select_option("delay")
        for label, text in typed.items():
            form.get_by_label({"count": "How many times", "delay": "Delay, in ms"}[label]).fill(
                text
            )
        form.get_by_role("button", name="Put in force").click()
        return plain_page.locator("main").inner_text()

    assert "Not done: “How many times” takes a whole number, such as 3" in send(count="a few")
    assert "Not done: “Delay, in ms” takes a whole number" in send(delay="-5")
    assert "Not done: a delay needs its length" in send()
    assert sandbox.ask("faults")["data"] == []
    assert "The rule is in force" in send(delay="250")


def test_a_person_lets_time_run_out(sandbox: RunningSandbox, plain_page: Page) -> None:
    session = sandbox.open_session(client_reference_id="chk_let_it_expire")
    plain_page.goto(f"{sandbox.base}/_sandbox/")
    row = plain_page.get_by_role("row").filter(has_text=session.id)

    row.get_by_role("button", name="Let it expire").click()

    expect(row).to_contain_text("expired")
    assert sandbox.client().checkout.sessions.retrieve(session.id).status == "expired"


def test_another_sites_form_does_nothing(sandbox: RunningSandbox) -> None:
    session = sandbox.open_session()
    forged = {"session": session.id, "token": "guess", "back": "/_sandbox/"}

    for headers in ({}, {"Cookie": f"sandbox_{sandbox.port}=guess"}):
        answer = sandbox.browser().post("/_sandbox/control/expire", data=forged, headers=headers)
        assert answer.status_code == 403

    assert sandbox.client().checkout.sessions.retrieve(session.id).status == "open"
