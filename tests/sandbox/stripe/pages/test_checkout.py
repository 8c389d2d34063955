"""Paying: on the hosted page by plain form posts, and what it leaves behind."""

import httpx
import pytest

from tests.sandbox.running_sandbox import RunningSandbox, WebhookReceiver

GOOD = {
    "email": "ann@example.com",
    "name": "Ann Buyer",
    "number": "4242 4242 4242 4242",
    "expiry": "12 / 34",
    "cvc": "123",
}
FEE_OF_ONE_DOLLAR = 33  # 2.9 % + 30 cents


def submit(sandbox: RunningSandbox, session, **changes: str) -> httpx.Response:
    return sandbox.browser().post(f"/c/pay/{session.id}", data={**GOOD, **changes})


def test_the_page_shows_seller_goods_and_sum_and_says_sandbox(sandbox: RunningSandbox) -> None:
    session = sandbox.open_session()

    page = sandbox.browser().get(session.url)

    assert page.status_code == 200
    for words in ("Northwind Acquisition", "Acquisition snapshot", "$1.00 USD", "<strong>Sandbox."):
        assert words in page.text


def test_the_page_runs_nothing_and_leads_only_home(sandbox: RunningSandbox) -> None:
    page = sandbox.browser().get(sandbox.open_session().url)

    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self' http://localhost:8000" in policy
    assert "unsafe" not in policy
    assert "<script" not in page.text
    assert " style=" not in page.text


def test_a_good_card_pays_and_leads_back_to_the_seller(sandbox: RunningSandbox, stripe_v1) -> None:
    session = sandbox.open_session(
        metadata={"trace_ref": "trc_3"}, payment_intent_data={"metadata": {"trace_ref": "trc_3"}}
    )

    answer = submit(sandbox, session)

    assert answer.status_code == 303
    assert answer.headers["location"] == f"http://localhost:8000/checkout/return?cs={session.id}"
    paid = stripe_v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge.balance_transaction", "line_items"]}
    )
    payment = paid.payment_intent
    charge = payment.latest_charge
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert (paid.customer, paid.customer_details.email) == (None, "ann@example.com")
    assert (payment.status, payment.amount_received) == ("succeeded", 100)
    assert (charge.status, charge.paid, charge.amount_captured) == ("succeeded", True, 100)
    assert charge.metadata.to_dict() == payment.metadata.to_dict() == {"trace_ref": "trc_3"}
    entry = charge.balance_transaction
    assert (entry.amount, entry.fee, entry.net) == (100, FEE_OF_ONE_DOLLAR, 67)
    assert (entry.type, entry.source, entry.status) == ("charge", charge.id, "pending")
    assert paid.line_items.data[0].description == "Acquisition snapshot"


def test_the_seller_hears_of_the_sale_first_and_of_all_its_parts(
    sandbox: RunningSandbox, receiver: WebhookReceiver, stripe_v1
) -> None:
    session = sandbox.open_session()

    submit(sandbox, session)

    sandbox.quiet()
    payment = stripe_v1.checkout.sessions.retrieve(session.id).payment_intent
    events = {event["type"]: event for event in receiver.about(payment)}
    assert set(events) == {
        "checkout.session.completed",
        "payment_intent.created",
        "payment_intent.succeeded",
        "charge.succeeded",
        "charge.updated",
    }
    assert events["charge.succeeded"]["data"]["object"]["balance_transaction"] is None
    assert events["charge.updated"]["data"]["object"]["balance_transaction"].startswith("txn_")
    assert events["charge.updated"]["data"]["previous_attributes"] == {"balance_transaction": None}
    newest_first = [each.id for each in stripe_v1.events.list({"limit": 50}).data]
    ours = [each for each in newest_first if each in {event["id"] for event in events.values()}]
    assert ours[-1] == events["checkout.session.completed"]["id"]


def test_the_redirect_waits_for_the_sellers_answer(
    sandbox: RunningSandbox, receiver: WebhookReceiver
) -> None:
    session = sandbox.open_session()
    answered = []
    receiver.answer = lambda event: answered.append(event["type"]) or 200

    submit(sandbox, session)

    assert "checkout.session.completed" in answered


@pytest.mark.parametrize(
    ("number", "code", "words"),
    [
        ("4000000000000002", "card_declined", "Your card was declined."),
        ("4000000000009995", "card_declined", "Your card has insufficient funds."),
        ("4000000000000069", "expired_card", "Your card has expired."),
        ("4000000000000127", "incorrect_cvc", "Your card&#39;s security code is incorrect."),
    ],
)
def test_a_declined_card_stays_on_the_page(
    sandbox: RunningSandbox, receiver: WebhookReceiver, stripe_v1, number, code, words
) -> None:
    session = sandbox.open_session()

    refused = submit(sandbox, session, number=number)

    assert refused.status_code == 402
    assert words in refused.text
    assert "Nothing was charged" in refused.text
    still_open = stripe_v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge"]}
    )
    assert (still_open.status, still_open.payment_status) == ("open", "unpaid")
    payment = still_open.payment_intent
    assert (payment.status, payment.last_payment_error.code) == ("requires_payment_method", code)
    assert (payment.latest_charge.status, payment.latest_charge.failure_code) == ("failed", code)
    sandbox.quiet()
    assert {"payment_intent.payment_failed", "charge.failed"} <= set(
        receiver.types_about(payment.id)
    )


def test_after_a_decline_another_card_pays_with_the_same_intent(
    sandbox: RunningSandbox, receiver: WebhookReceiver, stripe_v1
) -> None:
    session = sandbox.open_session()
    submit(sandbox, session, number="4000000000000002")
    tried = stripe_v1.checkout.sessions.retrieve(session.id).payment_intent

    assert submit(sandbox, session).status_code == 303

    assert stripe_v1.checkout.sessions.retrieve(session.id).payment_intent == tried
    statuses = [each.status for each in stripe_v1.charges.list({"payment_intent": tried}).data]
    assert statuses == ["succeeded", "failed"]
    sandbox.quiet()
    assert receiver.types_about(tried).count("payment_intent.created") == 1


def test_paying_twice_pays_once(sandbox: RunningSandbox, stripe_v1) -> None:
    session = sandbox.open_session()
    submit(sandbox, session)

    again = submit(sandbox, session)
    page = sandbox.browser().get(f"/c/pay/{session.id}")

    assert again.status_code == 200
    assert "already paid" in again.text
    assert "already paid" in page.text
    payment = stripe_v1.checkout.sessions.retrieve(session.id).payment_intent
    assert len(stripe_v1.charges.list({"payment_intent": payment}).data) == 1


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("email", "nobody", "Enter an e-mail address"),
        ("name", "", "Enter the name on the card"),
        ("number", "4242 4242 4242 4241", "check the digits"),
        ("number", "4111 1111 1111 1111", "Never type a real card number"),
        ("number", "", "Enter a test card number"),
        ("expiry", "13/34", "The month must be from 01 to 12"),
        ("expiry", "01/20", "This date has passed"),
        ("expiry", "soon", "Enter the expiry as MM / YY"),
        ("cvc", "12", "Enter the 3 digits"),
    ],
)
def test_wrong_input_is_said_at_the_field_and_kept(
    sandbox: RunningSandbox, stripe_v1, field, value, words
) -> None:
    session = sandbox.open_session()

    page = submit(sandbox, session, **{field: value})

    assert page.status_code == 422
    assert words in page.text
    assert f'id="{field}-error"' in page.text
    assert page.text.count('aria-invalid="true"') == 1
    kept = "ann@example.com" if field != "email" else "Ann Buyer"
    assert f'value="{kept}"' in page.text
    assert stripe_v1.checkout.sessions.retrieve(session.id).status == "open"


def test_what_was_typed_is_shown_as_text_only(sandbox: RunningSandbox) -> None:
    page = submit(sandbox, sandbox.open_session(), name='"><b>x</b>', cvc="no")

    assert "<b>x</b>" not in page.text


def test_delayed_money_arrives_later(
    sandbox: RunningSandbox, receiver: WebhookReceiver, stripe_v1, eventually
) -> None:
    session = sandbox.open_session()

    answer = submit(sandbox, session, number="4000 0000 0000 2222")

    assert answer.status_code == 303
    eventually(
        lambda: "checkout.session.async_payment_succeeded" in receiver.types_about(session.id)
    )
    paid = stripe_v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (paid.payment_status, paid.payment_intent.status) == ("paid", "succeeded")
    completed = next(
        each
        for each in receiver.about(paid.payment_intent.id)
        if each["type"] == "checkout.session.completed"
    )
    events = completed["data"]["object"]
    assert (events["status"], events["payment_status"]) == ("complete", "unpaid")
    types = set(receiver.types_about(paid.payment_intent.id))
    assert {"charge.pending", "charge.succeeded", "payment_intent.succeeded"} <= types


def test_delayed_money_may_not_arrive(
    sandbox: RunningSandbox, receiver: WebhookReceiver, stripe_v1, eventually
) -> None:
    session = sandbox.open_session()

    sandbox.pay(session.id, "4000000000006611")

    eventually(lambda: "checkout.session.async_payment_failed" in receiver.types_about(session.id))
    sandbox.quiet()
    failed = stripe_v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (failed.status, failed.payment_status) == ("complete", "unpaid")
    assert failed.payment_intent.status == "requires_payment_method"
    types = receiver.types_about(failed.payment_intent.id)
    assert "checkout.session.async_payment_failed" in types
    assert "payment_intent.payment_failed" in types
    page = sandbox.browser().get(f"/c/pay/{session.id}")
    assert "Your bank refused this payment." in page.text
    assert "Nothing was charged" in page.text
    assert "processing" not in page.text


@pytest.mark.parametrize(("given", "status"), [({}, "unpaid"), ({"succeeds": True}, "paid")])
def test_a_bank_can_be_told_to_answer(
    patient_sandbox: RunningSandbox, given: dict[str, bool], status: str
) -> None:
    session = patient_sandbox.open_session()
    patient_sandbox.pay(session.id, "4000000000006611")

    patient_sandbox.control("settle", session=session.id, **given)

    settled = patient_sandbox.client().checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent"]}
    )
    assert settled.payment_status == status
    assert settled.payment_intent.status != "processing"
    assert patient_sandbox.try_control("settle", session=session.id).status_code == 400


def test_nothing_due_needs_no_card(
    sandbox: RunningSandbox, receiver: WebhookReceiver, stripe_v1
) -> None:
    session = sandbox.open_session(unit_amount=0)

    answer = sandbox.browser().post(
        f"/c/pay/{session.id}", data={"email": "ann@example.com", "name": "Ann"}
    )

    assert answer.status_code == 303
    done = stripe_v1.checkout.sessions.retrieve(session.id)
    assert (done.status, done.payment_status) == ("complete", "no_payment_required")
    assert done.payment_intent is None
    assert "checkout.session.completed" in receiver.types_about(session.id)


def test_an_unknown_session_is_a_plain_404(sandbox: RunningSandbox) -> None:
    page = sandbox.browser().get("/c/pay/cs_test_none")

    assert page.status_code == 404
    assert "Nothing was charged" in page.text


def test_an_expired_page_says_that_nothing_was_charged(sandbox: RunningSandbox) -> None:
    session = sandbox.open_session()
    sandbox.control("expire", session=session.id)

    page = sandbox.browser().get(f"/c/pay/{session.id}")

    assert page.status_code == 410
    assert "Nothing was charged" in page.text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "session"),
        ({"session": "cs_test_none"}, "cs_test_none"),
        ({"session": "x", "card": "1"}, "test numbers"),
        ({"session": "x", "colour": "red"}, "colour"),
    ],
)
def test_the_pay_call_says_what_is_wrong(sandbox: RunningSandbox, given, words) -> None:
    answer = sandbox.try_control("pay", **given)

    assert 400 <= answer.status_code < 500
    assert words in answer.json()["error"]


def test_a_form_that_cannot_be_read_is_refused_in_words(sandbox: RunningSandbox) -> None:
    session = sandbox.open_session()

    for body in (b"email[=x", b"email=%ff", b"&".join([b"a=1"] * 3_000)):
        answer = sandbox.browser().post(f"/c/pay/{session.id}", content=body)

        assert answer.status_code == 400
        assert "Nothing was charged" in answer.text
