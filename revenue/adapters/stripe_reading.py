"""From Stripe's JSON to our facts. Pure: no network, no database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from kernel.money import Money
from kernel.texts import storable
from revenue.ports import (
    BUYER_EMAIL_CHARS_MAX,
    BUYER_NAME_CHARS_MAX,
    AccountFact,
    BalanceLine,
    ChargeRefundedHint,
    DisputeFact,
    DisputeMovement,
    EndpointFact,
    Fact,
    OpenedLink,
    PaymentFailedFact,
    RefundFact,
    SessionFact,
    UnreadableEvent,
)

Object = Mapping[str, Any]
REFERENCE_CHARS_MAX: Final = 500  # what Stripe takes in metadata; ours are shorter


def _when(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, tz=UTC)


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


def _money(amount: int, currency: str) -> Money:
    return Money(amount, currency.upper())


def _id(value: object) -> str:
    """Return the id of something that may be absent, an id, or an expanded object."""
    if isinstance(value, Mapping):
        value = value.get("id")
    return value if isinstance(value, str) else ""


def _address(typed: str) -> str:
    """Return an e-mail address whole or not at all: what is left of one could be another's."""
    fitting = storable(typed, chars_max=BUYER_EMAIL_CHARS_MAX)
    return fitting if fitting == typed.strip() else ""


def _reference(typed: str | None) -> str:
    """Return what may be a reference of ours. A payment link's address lets the buyer type it."""
    return storable(typed or "", chars_max=REFERENCE_CHARS_MAX)


def session(data: Object, *, has_failed: bool = False) -> SessionFact:
    """Read a Checkout Session."""
    details = data.get("customer_details") or {}
    metadata = data.get("metadata") or {}
    amount, currency = data.get("amount_total"), data.get("currency")
    return SessionFact(
        session_id=data["id"],
        status=data.get("status") or "complete",
        payment_status=data["payment_status"],
        livemode=data["livemode"] is True,
        amount=None if amount is None or not currency else _money(amount, currency),
        tax_minor=(data.get("total_details") or {}).get("amount_tax") or 0,
        checkout_ref=_reference(metadata.get("checkout_ref") or data.get("client_reference_id")),
        trace_ref=_reference(metadata.get("trace_ref")),
        payment_intent_id=_id(data.get("payment_intent")),
        payment_link_id=_id(data.get("payment_link")),
        link_ref=_reference(metadata.get("link_ref")),
        customer_id=_id(data.get("customer")) or None,
        email=_address(details.get("email") or data.get("customer_email") or ""),
        name=storable(details.get("name") or "", chars_max=BUYER_NAME_CHARS_MAX),
        url=data.get("url") or "",
        created_at=_at(data["created"]) if data.get("created") else _at(0),
        expires_at=_when(data.get("expires_at")),
        has_failed=has_failed or _is_refused(data),
    )


def _is_refused(data: Object) -> bool:
    """Say whether a bank has refused what a completed session was to take.

    Only its payment says so, where it came with the session: it asks for another method then.
    https://docs.stripe.com/payments/paymentintents/lifecycle
    """
    payment = data.get("payment_intent")
    return (
        isinstance(payment, Mapping)
        and (data.get("status"), data["payment_status"]) == ("complete", "unpaid")
        and payment.get("status") in {"requires_payment_method", "canceled"}
    )


def with_failure(fact: SessionFact, *, has_failed: bool) -> SessionFact:
    """Return ``fact`` with the failure that only an event told us of."""
    return replace(fact, has_failed=has_failed)


def failed_session(data: Object) -> SessionFact:
    """Read the session of an ``async_payment_failed``: only the event says that it failed."""
    return session(data, has_failed=True)


def refund(data: Object) -> RefundFact:
    """Read a refund."""
    return RefundFact(
        refund_id=data["id"],
        status=data.get("status") or "pending",
        amount=_money(data["amount"], data["currency"]),
        payment_intent_id=_id(data.get("payment_intent")),
        charge_id=_id(data.get("charge")),
        request_ref=_reference((data.get("metadata") or {}).get("refund_ref")),
        created_at=_at(data["created"]),
    )


def refunded_charge(data: Object) -> ChargeRefundedHint:
    """Read a ``charge.refunded``."""
    return ChargeRefundedHint(
        charge_id=data["id"],
        payment_intent_id=_id(data.get("payment_intent")),
        refunded=_money(data["amount_refunded"], data["currency"]),
    )


def dispute(data: Object) -> DisputeFact:
    """Read a dispute, with the movements of money it has caused so far."""
    return DisputeFact(
        dispute_id=data["id"],
        status=data["status"],
        reason=data.get("reason") or "",
        amount=_money(data["amount"], data["currency"]),
        payment_intent_id=_id(data.get("payment_intent")),
        charge_id=_id(data.get("charge")),
        evidence_due_at=_when((data.get("evidence_details") or {}).get("due_by")),
        opened_at=_at(data["created"]),
        movements=tuple(_movement(line) for line in data.get("balance_transactions") or ()),
    )


def _movement(line: Object) -> DisputeMovement:
    return DisputeMovement(
        transaction_id=line["id"],
        amount=_money(line["amount"], line["currency"]),
        fee=_money(line.get("fee") or 0, line["currency"]),
        occurred_at=_at(line["created"]),
    )


def failed_payment(data: Object) -> PaymentFailedFact:
    """Read a ``payment_intent.payment_failed``: the code, never the words."""
    error = data.get("last_payment_error") or {}
    metadata = data.get("metadata") or {}
    return PaymentFailedFact(
        payment_intent_id=data["id"],
        checkout_ref=_reference(metadata.get("checkout_ref")),
        link_ref=_reference(metadata.get("link_ref")),
        try_id=_id(error.get("charge")) or _id(error.get("payment_method")),
        code=error.get("decline_code") or error.get("code") or "",
    )


def payment_link(data: Object) -> OpenedLink:
    """Read a payment link."""
    return OpenedLink(link_id=data["id"], url=data["url"], is_active=bool(data["active"]))


def balance_line(data: Object) -> BalanceLine:
    """Read a balance transaction whose ``source`` is expanded."""
    expanded = data.get("source")
    source: Object = expanded if isinstance(expanded, Mapping) else {}
    amount = _money(data["amount"], data["currency"])
    is_charge = source.get("object") == "charge"
    return BalanceLine(
        transaction_id=data["id"],
        type=data["type"],
        category=data.get("reporting_category") or data["type"],
        source_id=_id(expanded),
        payment_intent_id=_id(source.get("payment_intent")),
        charge_id=_id(source) if is_charge else _id(source.get("charge")),
        amount=amount,
        presented=_presented(amount, source),
        fee=_money(data["fee"], data["currency"]),
        occurred_at=_at(data["created"]),
    )


def lines_of(holder: Object) -> list[BalanceLine]:
    """Read the balance transactions of a charge or refund that carries them expanded."""
    carried = (holder.get("balance_transaction"), holder.get("failure_balance_transaction"))
    return [balance_line(each) for each in carried if isinstance(each, Mapping)]


def _presented(amount: Money, source: Object) -> Money:
    """Return the movement in the buyer's currency; a source in our own currency changes nothing."""
    currency = str(source.get("currency") or amount.currency).upper()
    if currency == amount.currency or source.get("object") not in {"charge", "refund"}:
        return amount
    return Money(source["amount"] * (-1 if amount.amount_minor < 0 else 1), currency)


def account(data: Object, *, livemode: bool) -> AccountFact:
    """Read an account; whether it is live only the balance says."""
    return AccountFact(
        account_id=data["id"],
        livemode=livemode,
        may_take_payments=data.get("charges_enabled") is True,
        may_be_paid_out=data.get("payouts_enabled") is True,
    )


def endpoint(data: Object) -> EndpointFact:
    """Read a webhook endpoint."""
    return EndpointFact(
        endpoint_id=data["id"],
        url=data["url"],
        is_enabled=data.get("status") == "enabled",
        api_version=data.get("api_version") or "",
        event_types=tuple(data.get("enabled_events") or ()),
    )


# Every event type that means something to us. The rest is ignored, kept and counted.
# https://docs.stripe.com/api/events/types
READERS: Final[Mapping[str, Callable[[Object], Fact]]] = MappingProxyType(
    {
        "checkout.session.completed": session,
        "checkout.session.async_payment_succeeded": session,
        "checkout.session.async_payment_failed": failed_session,
        "checkout.session.expired": session,
        "refund.created": refund,
        "refund.updated": refund,
        "refund.failed": refund,
        "charge.refund.updated": refund,
        "charge.refunded": refunded_charge,
        "charge.dispute.created": dispute,
        "charge.dispute.updated": dispute,
        "charge.dispute.funds_withdrawn": dispute,
        "charge.dispute.funds_reinstated": dispute,
        "charge.dispute.closed": dispute,
        "payment_intent.payment_failed": failed_payment,
    }
)

OLD_NAMES: Final = frozenset({"charge.refund.updated"})  # still sent, beside refund.updated


def read(*, type_: str, data: Object) -> Fact | None:
    """Translate the object of an event; None for a type that means nothing to us.

    Raises UnreadableEvent when a known type carries an object we cannot read.
    """
    reader = READERS.get(type_)
    if reader is None:
        return None
    try:
        return reader(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableEvent(f"{type_}: {type(error).__name__} at {error}") from error
