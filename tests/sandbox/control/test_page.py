"""The control page in a real browser, and what another site's page cannot do with it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.sandbox.in_browser import NARROW, assert_accessible
from tests.sandbox.running_sandbox import RunningSandbox

pytestmark = pytest.mark.browser


def test_the_control_page_is_accessible(sandbox: RunningSandbox, page: Page) -> None:
    sandbox.control("reset")
    sandbox.open_session()
    sandbox.control("disputes", charge=sandbox.paid_charge().id)
    sandbox.control("refunds", charge=sandbox.paid_charge().id, outcome="pending")
    sandbox.control("faults", effect="delay", delay_ms=1, path="/v1/unicorns")

    for tab in ("", "payments", "webhooks", "model", "trouble"):
        page.goto(f"{sandbox.base}/_sandbox/{tab}")
        assert_accessible(page)


def test_nothing_is_wider_than_320_px(sandbox: RunningSandbox, chromium: Browser) -> None:
    charge = sandbox.paid_charge()
    sandbox.control("disputes", charge=charge.id)
    context = chromium.new_context(viewport=NARROW)
    narrow = context.new_page()
    for path in (
        sandbox.open_session().url.removeprefix(sandbox.base),
        "/_sandbox/",
        "/_sandbox/payments",
        "/_sandbox/webhooks",
        "/_sandbox/model",
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


@pytest.mark.parametrize("typed", ["", "0", "-7.00"])
def test_a_refund_of_no_amount_refunds_nothing(
    sandbox: RunningSandbox, plain_page: Page, typed: str
) -> None:
    charge = sandbox.paid_charge(unit_amount=7_700)
    plain_page.goto(f"{sandbox.base}/_sandbox/payments")
    payment = plain_page.locator("article").filter(has_text=charge.id)

    payment.get_by_label("Amount to refund, in USD").fill(typed)
    payment.get_by_role("button", name="Refund this amount").click()

    expect(plain_page.get_by_role("status")).to_contain_text("Not done:")
    assert sandbox.client().charges.retrieve(charge.id).amount_refunded == 0


def test_a_person_lets_the_model_misbehave_and_behave_again(
    sandbox: RunningSandbox, plain_page: Page
) -> None:
    plain_page.goto(f"{sandbox.base}/_sandbox/model")
    plain_page.get_by_label("What it does").select_option("loop")
    plain_page.get_by_label("Runs").fill("3")
    plain_page.get_by_role("button", name="Put in force").click()

    expect(plain_page.get_by_role("status")).to_have_text("The next runs will be worked on so.")
    expect(plain_page.get_by_role("row").last).to_contain_text("the next 3")

    plain_page.get_by_role("button", name="Behave again").click()

    expect(plain_page.get_by_role("heading", name="It behaves")).to_be_visible()
