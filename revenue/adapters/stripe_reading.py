"""From Stripe's JSON to our facts. Pure: no network, no database."""

from __future__ import annotations

import re
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
BIGINT_MAX: Final = 2**63 - 1  # of the columns that hold amounts
SECONDS_MAX: Final = 253_402_300_799  # the last second of the year 9999
ID: Final = re.compile(r"[A-Za-z0-9_]{1,255}")  # https://docs.stripe.com/upgrades: none is longer
WORD: Final = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{0,255}")


def _at(data: Object, name: str) -> datetime:
    """Return a time that must be there."""
    found = _when(data, name)
    if found is None:
        raise UnreadableEvent(f"{name}: missing")
    return found


def _when(data: Object, name: str) -> datetime | None:
    """Return a time that may be absent; 0 is 1970, as anywhere."""
    seconds = data.get(name)
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        raise UnreadableEvent(f"{name}: not whole seconds")
    if not 0 <= seconds <= SECONDS_MAX:
        raise UnreadableEvent(f"{name}: no time between 1970 and 9999")
    return datetime.fromtimestamp(seconds, tz=UTC)


def _whole(value: object, name: str, *, is_signed: bool = False) -> int:
    """Return a number of minor units that fits the columns which hold such."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise UnreadableEvent(f"{name}: not a whole number of minor units")
    if abs(value) > BIGINT_MAX:
        raise UnreadableEvent(f"{name}: more than can be booked")
    if value < 0 and not is_signed:
        raise UnreadableEvent(f"{name}: less than nothing")
    return value


def _money(data: Object, name: str, *, is_signed: bool = False) -> Money:
    """Return an amount that must be there, in the currency beside it."""
    amount_minor = _whole(data.get(name), name, is_signed=is_signed)
    currency = data.get("currency")
    if not isinstance(currency, str) or not currency:
        raise UnreadableEvent("currency: missing")
    try:
        return Money(amount_minor, currency.upper())
    except ValueError as error:
        raise UnreadableEvent("currency: none that we know") from error


def _own_id(data: Object) -> str:
    """Return the id of the object itself."""
    found = _id(data, "id")
    if not found:
        raise UnreadableEvent("id: empty")
    return found


def _id(data: Object, name: str) -> str:
    """Return the id of something that may be absent, an id, or an expanded object."""
    value = data.get(name)
    if isinstance(value, Mapping):
        value = value.get("id")
    if not isinstance(value, str) or not value:
        return ""
    if not ID.fullmatch(value):
        raise UnreadableEvent(f"{name}: no id of Stripe's")
    return value


def _said(data: Object, name: str) -> str:
    """Return a word of Stripe's that must be there."""
    if not data.get(name):
        raise UnreadableEvent(f"{name}: missing")
    return _word(data, name)


def _word(data: Object, name: str) -> str:
    """Return a word of Stripe's that may be absent."""
    value = data.get(name) or ""
    if not isinstance(value, str) or not WORD.fullmatch(value):
        raise UnreadableEvent(f"{name}: no word of Stripe's")
    return value


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
    has_amount = data.get("amount_total") is not None and bool(data.get("currency"))
    return SessionFact(
        session_id=_own_id(data),
        status=_word(data, "status") or "complete",
        payment_status=data["payment_status"],
        livemode=data["livemode"] is True,
        amount=_money(data, "amount_total") if has_amount else None,
        tax_minor=_whole((data.get("total_details") or {}).get("amount_tax") or 0, "amount_tax"),
        checkout_ref=_reference(metadata.get("checkout_ref") or data.get("client_reference_id")),
        trace_ref=_reference(metadata.get("trace_ref")),
        payment_intent_id=_id(data, "payment_intent"),
        payment_link_id=_id(data, "payment_link"),
        link_ref=_reference(metadata.get("link_ref")),
        customer_id=_id(data, "customer") or None,
        email=_address(details.get("email") or data.get("customer_email") or ""),
        name=storable(details.get("name") or "", chars_max=BUYER_NAME_CHARS_MAX),
        url=_word(data, "url"),
        created_at=_when(data, "created") or datetime.fromtimestamp(0, tz=UTC),
        expires_at=_when(data, "expires_at"),
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
        refund_id=_own_id(data),
        status=_word(data, "status") or "pending",
        amount=_money(data, "amount"),
        payment_intent_id=_id(data, "payment_intent"),
        charge_id=_id(data, "charge"),
        request_ref=_reference((data.get("metadata") or {}).get("refund_ref")),
        created_at=_at(data, "created"),
    )


def refunded_charge(data: Object) -> ChargeRefundedHint:
    """Read a ``charge.refunded``."""
    return ChargeRefundedHint(
        charge_id=_own_id(data),
        payment_intent_id=_id(data, "payment_intent"),
        refunded=_money(data, "amount_refunded"),
    )


def dispute(data: Object) -> DisputeFact:
    """Read a dispute, with the movements of money it has caused so far."""
    return DisputeFact(
        dispute_id=_own_id(data),
        status=_said(data, "status"),
        reason=_word(data, "reason"),
        amount=_money(data, "amount"),
        payment_intent_id=_id(data, "payment_intent"),
        charge_id=_id(data, "charge"),
        evidence_due_at=_when(data.get("evidence_details") or {}, "due_by"),
        opened_at=_at(data, "created"),
        movements=tuple(_movement(line) for line in data.get("balance_transactions") or ()),
    )


def _movement(line: Object) -> DisputeMovement:
    return DisputeMovement(
        transaction_id=_own_id(line),
        amount=_money(line, "amount", is_signed=True),
        fee=_money({**line, "fee": line.get("fee") or 0}, "fee", is_signed=True),
        occurred_at=_at(line, "created"),
    )


def failed_payment(data: Object) -> PaymentFailedFact:
    """Read a ``payment_intent.payment_failed``: the code, never the words."""
    error = data.get("last_payment_error") or {}
    metadata = data.get("metadata") or {}
    return PaymentFailedFact(
        payment_intent_id=_own_id(data),
        checkout_ref=_reference(metadata.get("checkout_ref")),
        link_ref=_reference(metadata.get("link_ref")),
        try_id=_id(error, "charge") or _id(error, "payment_method"),
        code=_word(error, "decline_code") or _word(error, "code"),
    )


def payment_link(data: Object) -> OpenedLink:
    """Read a payment link."""
    return OpenedLink(link_id=data["id"], url=data["url"], is_active=bool(data["active"]))


def balance_line(data: Object) -> BalanceLine:
    """Read a balance transaction whose ``source`` is expanded."""
    expanded = data.get("source")
    source: Object = expanded if isinstance(expanded, Mapping) else {}
    amount = _money(data, "amount", is_signed=True)
    is_charge = source.get("object") == "charge"
    return BalanceLine(
        transaction_id=data["id"],
        type=data["type"],
        category=data.get("reporting_category") or data["type"],
        source_id=_id(data, "source"),
        payment_intent_id=_id(source, "payment_intent"),
        charge_id=_id(source, "id" if is_charge else "charge"),
        amount=amount,
        presented=_presented(amount, source),
        fee=_money(data, "fee", is_signed=True),
        occurred_at=_at(data, "created"),
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
    except UnreadableEvent as error:
        raise UnreadableEvent(f"{type_}: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableEvent(f"{type_}: {type(error).__name__} at {error}") from error
