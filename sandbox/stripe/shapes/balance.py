"""The shapes of balance transactions, their fees, and payouts."""

from typing import Final

from sandbox.store import Doc
from sandbox.stripe.shapes.ids import new_id
from sandbox.stripe.shapes.money import processing_fee_minor

FUNDS_DELAY_S: Final = 2 * 24 * 60 * 60


def new_balance_transaction(
    *,
    now: int,
    amount: int,
    currency: str,
    source: str,
    kind: str,
    category: str,
    description: str | None,
    fees: tuple[Doc, ...] = (),
    available_on: int | None = None,
) -> Doc:
    """One movement on the account's balance; ``net`` is what is left after fees."""
    fee = sum(each["amount"] for each in fees)
    return {
        "id": new_id("balance_transaction", now=now),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": now + FUNDS_DELAY_S if available_on is None else available_on,
        "balance_type": "payments",
        "created": now,
        "currency": currency,
        "description": description,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": list(fees),
        "net": amount - fee,
        "reporting_category": category,
        "source": source,
        "status": "pending",
        "type": kind,
    }


def fee(amount: int, currency: str, description: str) -> Doc:
    """One line of ``fee_details``."""
    return {
        "amount": amount,
        "application": None,
        "currency": currency,
        "description": description,
        "type": "stripe_fee",
    }


def payment_fee(amount: int, currency: str) -> Doc:
    """What taking this payment costs the seller."""
    return fee(processing_fee_minor(amount), currency, "Stripe processing fees")


def new_payout(*, now: int, amount: int, currency: str) -> Doc:
    """Available money on its way to the seller's bank."""
    return {
        "id": new_id("payout", now=now),
        "object": "payout",
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": now,
        "automatic": True,
        "balance_transaction": None,
        "created": now,
        "currency": currency,
        "description": "STRIPE PAYOUT",
        "destination": new_id("bank_account", now=now),
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "completed",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": "paid",
        "trace_id": {"status": "pending", "value": None},
        "type": "bank_account",
    }
