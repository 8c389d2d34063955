"""What the gateway says once a buyer has paid. Needs the sandbox's test control."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kernel.money import Money
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.adapters.stripe_reading import balance_line
from revenue.ports import (
    ChargeRefundedHint,
    DisputeFact,
    NotFound,
    PaymentFailedFact,
    RefundFact,
    SessionFact,
)
from tests.sandbox.running_sandbox import RunningSandbox

BANK_FAILS = "4000000000006611"


def paid(outside: RunningSandbox, **more: Any) -> Any:
    session = outside.open_session(unit_amount=10_000, metadata={"checkout_ref": "chk_1"}, **more)
    return outside.pay(session.id, wait_s=0)["session"]


def window() -> dict[str, datetime]:
    now = datetime.now(UTC)
    return {"since": now - timedelta(hours=1), "until": now + timedelta(minutes=1)}


def test_a_paid_session_names_its_payment_and_its_buyer(
    outside: RunningSandbox, gateway: StripeGateway
) -> None:
    session = paid(outside)
    fact = gateway.read_session(session["id"])
    assert (fact.status, fact.payment_status, fact.is_settled) == ("complete", "paid", True)
    assert fact.amount == Money(10_000, "USD")
    assert fact.payment_intent_id == session["payment_intent"]
    assert (fact.email, fact.customer_id) == ("buyer@example.com", None)
    assert gateway.sessions_of_payment(fact.payment_intent_id) == [fact]
    assert gateway.sessions_of_payment("pi_nobodyknowsthis") == []


def test_a_session_of_a_link_names_the_link(
    outside: RunningSandbox, gateway: StripeGateway
) -> None:
    link = gateway.make_payment_link(
        key="plk_1",
        parameters={
            "line_items": [
                {
                    "price_data": {
                        "currency": "usd",
                        "unit_amount": 100,
                        "product_data": {"name": "Snapshot"},
                    },
                    "quantity": 1,
                }
            ],
            "restrictions": {"completed_sessions": {"limit": 1}},
        },
    )
    session = outside.control("visit", payment_link=link.url)
    outside.pay(session["id"], wait_s=0)
    assert gateway.read_session(session["id"]).payment_link_id == link.link_id
    assert gateway.payment_links(limit=5)[0][0].is_active is False


def test_a_refund_is_asked_for_once_and_read_back(
    outside: RunningSandbox, gateway: StripeGateway
) -> None:
    session = paid(outside)
    asked = {"payment_intent": session["payment_intent"], "amount": 4_000}
    asked["metadata"] = {"refund_ref": "rfq_1"}
    refund = gateway.refund(key="rfq_1", parameters=asked)
    assert gateway.refund(key="rfq_1", parameters=asked).refund_id == refund.refund_id
    assert (refund.amount, refund.request_ref) == (Money(4_000, "USD"), "rfq_1")
    assert refund.payment_intent_id == session["payment_intent"]
    assert gateway.read_refund(refund.refund_id).status == "succeeded"
    assert [each.refund_id for each in gateway.refunds_of_payment(refund.payment_intent_id)] == [
        refund.refund_id
    ]
    assert [each.refund_id for each in gateway.refunds_of_charge(refund.charge_id)] == [
        refund.refund_id
    ]


def test_a_dispute_says_what_it_moved(outside: RunningSandbox, gateway: StripeGateway) -> None:
    session = paid(outside)
    opened = outside.control("disputes", session=session["id"])
    fact = gateway.dispute(opened["id"])
    assert fact.status == "needs_response"
    assert fact.payment_intent_id == session["payment_intent"]
    assert [(move.amount, move.fee) for move in fact.movements] == [
        (Money(-10_000, "USD"), Money(1_500, "USD"))
    ]


def test_balance_lines_say_what_they_belong_to(
    outside: RunningSandbox, gateway: StripeGateway
) -> None:
    session = paid(outside)
    refund = gateway.refund(
        key="rfq_1", parameters={"payment_intent": session["payment_intent"], "amount": 1_000}
    )
    dispute = outside.control("disputes", session=session["id"])
    paid(outside)
    outside.control("payouts", is_early=True)
    found = sorted(gateway.balance_lines(**window()), key=lambda line: line.category)
    lines = {line.category: line for line in found}
    assert sorted(lines) == ["charge", "dispute", "payout", "refund"]
    charge = next(line for line in found if line.payment_intent_id == session["payment_intent"])
    assert (charge.amount, charge.presented) == (Money(10_000, "USD"), Money(10_000, "USD"))
    assert charge.fee == Money(320, "USD")
    assert charge.category == "charge"
    assert charge.charge_id == charge.source_id == refund.charge_id
    assert lines["refund"].source_id == refund.refund_id
    assert lines["refund"].amount == Money(-1_000, "USD")
    assert lines["refund"].payment_intent_id == session["payment_intent"]
    assert lines["dispute"].source_id == dispute["id"]
    assert lines["dispute"].fee == Money(1_500, "USD")
    assert lines["payout"].payment_intent_id == ""


def test_a_session_says_that_the_bank_refused_once_it_has(
    outside: RunningSandbox, gateway: StripeGateway
) -> None:
    session = outside.open_session()
    outside.pay(session.id, "4000000000002222", wait_s=0)
    assert not gateway.read_session(session.id).has_failed
    outside.control("settle", session=session.id, succeeds=False)
    fact = gateway.read_session(session.id)
    assert (fact.status, fact.is_settled, fact.has_failed) == ("complete", False, True)


def test_all_lines_of_one_payment_or_refund_are_told(
    outside: RunningSandbox, gateway: StripeGateway
) -> None:
    session = paid(outside)
    refund = outside.control("refunds", session=session["id"], amount=4_000)
    outside.control("settle", refund=refund["id"], succeeds=False)
    every = {line.category: line for line in gateway.balance_lines(**window())}
    assert gateway.balance_lines_of(session["payment_intent"]) == [every["charge"]]
    assert gateway.balance_lines_of(refund["id"]) == [every["refund"], every["refund_failure"]]
    with pytest.raises(NotFound):
        gateway.balance_lines_of("re_nobodyknowsthis")


def test_a_converted_line_tells_both_currencies() -> None:
    line = {
        "id": "txn_1",
        "type": "charge",
        "reporting_category": "charge",
        "amount": 1_087,
        "currency": "usd",
        "fee": 62,
        "created": 1_795_348_800,
        "source": {"object": "charge", "id": "ch_1", "amount": 1_000, "currency": "eur",
                   "payment_intent": "pi_1"},
    }  # fmt: skip
    from_stripe = balance_line(line)
    assert (from_stripe.amount, from_stripe.presented) == (Money(1_087, "USD"), Money(1_000, "EUR"))
    back = {**line, "amount": -1_087, "reporting_category": "refund",
            "source": {**line["source"], "object": "refund", "id": "re_1"}}  # fmt: skip
    assert balance_line(back).presented == Money(-1_000, "EUR")


def test_events_that_nobody_took_are_listed_newest_first(
    outside: RunningSandbox, gateway: StripeGateway
) -> None:
    session = paid(outside)
    found = list(gateway.undelivered_events(since=window()["since"]))
    assert "checkout.session.completed" in [each.notice.type for each in found]
    times = [each.notice.created_at for each in found]
    assert times == sorted(times, reverse=True)
    completed = next(each for each in found if each.notice.object_id == session["id"])
    assert json.loads(completed.body)["id"] == completed.notice.stripe_id
    fact = gateway.read_event(completed.body)
    assert isinstance(fact, SessionFact)
    assert fact.session_id == session["id"]


def test_the_object_of_each_event_type_is_read_anew(
    outside: RunningSandbox, gateway: StripeGateway
) -> None:
    session = paid(outside)
    refund = gateway.refund(
        key="rfq_1", parameters={"payment_intent": session["payment_intent"], "amount": 1_000}
    )
    dispute = outside.control("disputes", session=session["id"])
    asked = {
        "checkout.session.completed": (session["id"], SessionFact),
        "refund.updated": (refund.refund_id, RefundFact),
        "charge.refunded": (refund.charge_id, ChargeRefundedHint),
        "charge.dispute.closed": (dispute["id"], DisputeFact),
        "payment_intent.payment_failed": (session["payment_intent"], PaymentFailedFact),
    }
    for event_type, (object_id, kind) in asked.items():
        assert isinstance(gateway.reread(event_type=event_type, object_id=object_id), kind)
    assert gateway.reread(event_type="customer.created", object_id="cus_1") is None


def test_a_failed_bank_payment_is_still_a_failure_when_read_anew(
    outside: RunningSandbox, gateway: StripeGateway
) -> None:
    session = outside.open_session()
    outside.pay(session.id, BANK_FAILS, wait_s=0)
    outside.control("settle", session=session.id)
    fact = gateway.reread(event_type="checkout.session.async_payment_failed", object_id=session.id)
    assert isinstance(fact, SessionFact)
    assert (fact.payment_status, fact.has_failed) == ("unpaid", True)


def test_endpoints_say_what_they_are_sent(outside: RunningSandbox, gateway: StripeGateway) -> None:
    [endpoint] = gateway.endpoints()
    assert endpoint.is_enabled
    assert endpoint.api_version == "2026-10-28.endive"
    assert endpoint.event_types == ("*",)


def test_a_card_has_one_fingerprint_however_it_is_read(
    outside: RunningSandbox, gateway: StripeGateway
) -> None:
    visa, visa_again, other = (
        outside.pay(outside.open_session(unit_amount=10_000).id, card, wait_s=0)["session"]
        for card in ("4242424242424242", "4242424242424242", "5555555555554444")
    )

    read = [gateway.read_session(each["id"]).card_fingerprint for each in (visa, visa_again, other)]
    [listed] = gateway.sessions_of_payment(other["payment_intent"])
    charged = {
        line.payment_intent_id: line.card_fingerprint
        for line in gateway.balance_lines(**window())
        if line.category == "charge"
    }

    assert read[0] == read[1] != read[2]
    assert len(read[0]) == len(read[2]) == 16
    assert "4242" not in read[0]
    assert listed.card_fingerprint == read[2]
    assert [charged[each["payment_intent"]] for each in (visa, visa_again, other)] == read


def test_what_was_not_paid_by_card_has_no_fingerprint(
    outside: RunningSandbox, gateway: StripeGateway
) -> None:
    session = outside.open_session(unit_amount=10_000)
    assert gateway.read_session(session.id).card_fingerprint == ""
    outside.pay(session.id, BANK_FAILS, wait_s=0)
    assert gateway.read_session(session.id).card_fingerprint == ""
