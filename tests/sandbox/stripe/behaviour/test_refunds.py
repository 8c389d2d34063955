"""Refunds: partial, full, too much, pending, failed, cancelled."""

import pytest
import stripe

from tests.sandbox.running_sandbox import RunningSandbox, WebhookReceiver

REFUND_PENDS = "4000000000007726"
REFUND_FAILS = "4000000000005126"


def test_a_full_refund_by_payment_intent(
    sandbox: RunningSandbox, receiver: WebhookReceiver, stripe_v1
) -> None:
    charge = sandbox.paid_charge()

    refund = stripe_v1.refunds.create(
        {
            "payment_intent": charge.payment_intent,
            "reason": "requested_by_customer",
            "metadata": {"refund_ref": "rfq_1"},
        }
    )

    sandbox.quiet()
    seen = stripe_v1.charges.retrieve(charge.id, {"expand": ["refunds"]})
    entry = stripe_v1.balance_transactions.retrieve(refund.balance_transaction)
    assert (refund.amount, refund.status, refund.charge) == (10_000, "succeeded", charge.id)
    assert (seen.amount_refunded, seen.refunded) == (10_000, True)
    assert [each.id for each in seen.refunds.data] == [refund.id]
    assert (entry.amount, entry.fee, entry.type) == (-10_000, 0, "refund")
    events = receiver.types_about(refund.id)
    assert sorted(events) == ["charge.refund.updated", "refund.created", "refund.updated"]
    assert "charge.refunded" in receiver.types_about(charge.id)


def test_two_partial_refunds_add_up(
    sandbox: RunningSandbox, receiver: WebhookReceiver, stripe_v1
) -> None:
    charge = sandbox.paid_charge()

    made = [stripe_v1.refunds.create({"charge": charge.id, "amount": 2_500}) for _ in range(2)]

    sandbox.quiet()
    seen = stripe_v1.charges.retrieve(charge.id)
    assert (seen.amount_refunded, seen.refunded) == (5_000, False)
    listed = stripe_v1.refunds.list({"charge": charge.id}).data
    assert [each.id for each in listed] == [each.id for each in reversed(made)]
    cumulative = [
        event["data"]["object"]["amount_refunded"]
        for event in receiver.about(charge.id)
        if event["type"] == "charge.refunded"
    ]
    assert sorted(cumulative) == [2_500, 5_000]
    assert stripe_v1.refunds.retrieve(made[0].id).amount == 2_500


def test_more_than_was_paid_cannot_be_refunded(sandbox: RunningSandbox, stripe_v1) -> None:
    charge = sandbox.paid_charge()

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        stripe_v1.refunds.create({"charge": charge.id, "amount": 10_001})

    assert (refusal.value.http_status, refusal.value.param) == (400, "amount")


def test_a_refunded_charge_cannot_be_refunded_again(sandbox: RunningSandbox, stripe_v1) -> None:
    charge = sandbox.paid_charge()
    stripe_v1.refunds.create({"charge": charge.id})

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        stripe_v1.refunds.create({"charge": charge.id})

    assert refusal.value.code == "charge_already_refunded"


def test_an_unknown_charge_is_a_404(stripe_v1) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        stripe_v1.refunds.create({"payment_intent": "pi_none"})

    assert (refusal.value.http_status, refusal.value.code) == (404, "resource_missing")


def test_a_pending_refund_arrives_later(
    sandbox: RunningSandbox, receiver: WebhookReceiver, stripe_v1, eventually
) -> None:
    charge = sandbox.paid_charge(REFUND_PENDS)

    refund = stripe_v1.refunds.create({"charge": charge.id})

    assert refund.status == "pending"
    eventually(lambda: "refund.updated" in receiver.types_about(refund.id))
    assert stripe_v1.refunds.retrieve(refund.id).status == "succeeded"


def test_a_refund_may_fail_after_it_succeeded(
    sandbox: RunningSandbox, receiver: WebhookReceiver, stripe_v1, eventually
) -> None:
    charge = sandbox.paid_charge(REFUND_FAILS)

    refund = stripe_v1.refunds.create({"charge": charge.id, "amount": 4_000})

    assert refund.status == "succeeded"
    eventually(lambda: "refund.failed" in receiver.types_about(refund.id))
    failed = stripe_v1.refunds.retrieve(refund.id)
    back = stripe_v1.balance_transactions.retrieve(failed.failure_balance_transaction)
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    assert (back.amount, back.type) == (4_000, "refund_failure")
    seen = stripe_v1.charges.retrieve(charge.id)
    assert (seen.amount_refunded, seen.refunded) == (0, False)


def test_a_pending_refund_can_be_cancelled(patient_sandbox: RunningSandbox) -> None:
    stripe_v1 = patient_sandbox.client()
    charge = patient_sandbox.paid_charge()
    refund = patient_sandbox.control("refunds", charge=charge.id, amount=100, outcome="pending")

    cancelled = stripe_v1.refunds.cancel(refund["id"])

    assert cancelled.status == "canceled"
    assert stripe_v1.charges.retrieve(charge.id).amount_refunded == 0


def test_a_refund_made_in_the_dashboard_has_no_request(
    sandbox: RunningSandbox, receiver: WebhookReceiver
) -> None:
    charge = sandbox.paid_charge()

    refund = sandbox.control("refunds", payment_intent=charge.payment_intent, amount=100)

    sandbox.quiet()
    created = next(
        each for each in receiver.about(refund["id"]) if each["type"] == "refund.created"
    )
    assert created["request"] == {"id": None, "idempotency_key": None}


@pytest.mark.parametrize(("succeeds", "status"), [(True, "succeeded"), (False, "failed")])
def test_a_pending_refund_is_settled_by_hand(
    patient_sandbox: RunningSandbox, succeeds: bool, status: str
) -> None:
    charge = patient_sandbox.paid_charge()
    refund = patient_sandbox.control("refunds", charge=charge.id, outcome="pending")

    patient_sandbox.control("settle", refund=refund["id"], succeeds=succeeds)

    assert patient_sandbox.client().refunds.retrieve(refund["id"]).status == status
