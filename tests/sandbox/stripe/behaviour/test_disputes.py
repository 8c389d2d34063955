"""Disputes, inquiries, the balance and payouts."""

import time

import pytest
import stripe

from tests.sandbox.running_sandbox import RunningSandbox, WebhookReceiver

DISPUTED = "4000000000000259"
INQUIRED = "4000000000001976"


def dispute_types(receiver: WebhookReceiver, dispute_id: str) -> list[str]:
    return [each for each in receiver.types_about(dispute_id) if each.startswith("charge.dispute")]


def test_a_dispute_withdraws_the_money_and_a_fee(
    sandbox: RunningSandbox, receiver: WebhookReceiver, stripe_v1
) -> None:
    charge = sandbox.paid_charge()

    dispute = sandbox.control("disputes", charge=charge.id, reason="product_not_received")

    sandbox.quiet()
    seen = stripe_v1.disputes.retrieve(dispute["id"])
    (entry,) = seen.balance_transactions
    assert (seen.status, seen.reason, seen.amount) == (
        "needs_response",
        "product_not_received",
        10_000,
    )
    assert (entry.amount, entry.fee, entry.net) == (-10_000, 1_500, -11_500)
    assert seen.evidence_details.due_by > time.time()
    assert stripe_v1.charges.retrieve(charge.id).disputed is True
    assert sorted(dispute_types(receiver, seen.id)) == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
    ]
    listed = stripe_v1.disputes.list({"payment_intent": charge.payment_intent}).data
    assert [each.id for each in listed] == [seen.id]


def test_a_won_dispute_brings_the_money_back(
    sandbox: RunningSandbox, receiver: WebhookReceiver, stripe_v1
) -> None:
    dispute = sandbox.control("disputes", charge=sandbox.paid_charge().id)
    sandbox.control("disputes", dispute=dispute["id"], action="submit_evidence")

    sandbox.control("disputes", dispute=dispute["id"], action="win")

    sandbox.quiet()
    won = stripe_v1.disputes.retrieve(dispute["id"])
    assert won.status == "won"
    assert [each.amount for each in won.balance_transactions] == [-10_000, 10_000]
    assert {
        "charge.dispute.updated",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    } <= set(dispute_types(receiver, won.id))


def test_a_lost_dispute_is_lost(sandbox: RunningSandbox, stripe_v1) -> None:
    charge = sandbox.paid_charge()
    dispute = sandbox.control("disputes", charge=charge.id)

    sandbox.control("disputes", dispute=dispute["id"], action="lose")

    lost = stripe_v1.disputes.retrieve(dispute["id"])
    assert (lost.status, len(lost.balance_transactions)) == ("lost", 1)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        stripe_v1.refunds.create({"charge": charge.id})
    assert refusal.value.code == "charge_disputed"


def test_an_inquiry_takes_nothing(
    sandbox: RunningSandbox, receiver: WebhookReceiver, stripe_v1
) -> None:
    dispute = sandbox.control("disputes", charge=sandbox.paid_charge().id, is_inquiry=True)

    sandbox.control("disputes", dispute=dispute["id"], action="close")

    sandbox.quiet()
    closed = stripe_v1.disputes.retrieve(dispute["id"])
    assert (dispute["status"], closed.status) == ("warning_needs_response", "warning_closed")
    assert closed.balance_transactions == []
    assert "charge.dispute.funds_withdrawn" not in dispute_types(receiver, closed.id)


def test_an_inquiry_may_become_a_dispute(sandbox: RunningSandbox, stripe_v1) -> None:
    dispute = sandbox.control("disputes", charge=sandbox.paid_charge().id, is_inquiry=True)

    sandbox.control("disputes", dispute=dispute["id"], action="escalate")

    now = stripe_v1.disputes.retrieve(dispute["id"])
    assert (now.status, len(now.balance_transactions)) == ("needs_response", 1)


@pytest.mark.parametrize(
    ("card", "status"), [(DISPUTED, "needs_response"), (INQUIRED, "warning_needs_response")]
)
def test_some_cards_are_disputed_by_themselves(
    sandbox: RunningSandbox, stripe_v1, eventually, card, status
) -> None:
    charge = sandbox.paid_charge(card)

    (dispute,) = eventually(lambda: stripe_v1.disputes.list({"charge": charge.id}).data)

    assert dispute.status == status


def test_a_charge_is_disputed_once(sandbox: RunningSandbox) -> None:
    charge = sandbox.paid_charge()
    sandbox.control("disputes", charge=charge.id)

    again = sandbox.try_control("disputes", charge=charge.id)

    assert again.status_code == 400


def test_the_books_of_a_charge_can_be_found(sandbox: RunningSandbox, stripe_v1) -> None:
    start = int(time.time())
    charge = sandbox.paid_charge()
    refund = stripe_v1.refunds.create({"charge": charge.id, "amount": 100})

    by_source = stripe_v1.balance_transactions.list({"source": charge.id}).data
    by_type = stripe_v1.balance_transactions.list(
        {"type": "refund", "created": {"gte": start}, "limit": 100, "expand": ["data.source"]}
    ).data

    assert [(each.amount, each.fee) for each in by_source] == [(10_000, 320)]
    assert refund.id in [each.source.id for each in by_type]
    assert stripe_v1.balance_transactions.list({"created": {"lt": start - 3_600}}).data == []


def test_the_balance_is_the_sum_of_its_entries(sandbox: RunningSandbox, stripe_v1) -> None:
    sandbox.paid_charge()

    balance = stripe_v1.balance.retrieve()

    entries = stripe_v1.balance_transactions.list({"limit": 100}).auto_paging_iter()
    total = sum(each.net for each in entries if each.currency == "usd")
    events = [
        part.amount for part in [*balance.available, *balance.pending] if part.currency == "usd"
    ]
    assert sum(events) == total


def test_a_payout_takes_what_there_is(
    sandbox: RunningSandbox, receiver: WebhookReceiver, stripe_v1
) -> None:
    charge = sandbox.paid_charge(unit_amount=5_000_000)

    made = sandbox.control("payouts", is_early=True)["data"]

    payout = stripe_v1.payouts.retrieve(next(p["id"] for p in made if p["currency"] == "usd"))
    taken = stripe_v1.balance_transactions.list({"payout": payout.id, "limit": 100})
    rows = list(taken.auto_paging_iter())
    assert charge.id in [each.source for each in rows]
    assert sum(each.net for each in rows) == 0
    assert payout.id in [each.id for each in stripe_v1.payouts.list().data]
    sandbox.quiet()
    assert sorted(receiver.types_about(payout.id)) == ["payout.created", "payout.paid"]
