"""From Stripe's JSON to our facts. Pure: no network, no database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeVar

from kernel.money import Money
from kernel.texts import one_line
from revenue.adapters import stripe_fields as fields
from revenue.adapters.stripe_fields import Object
from revenue.ports import (
    BUYER_NAME_CHARS_MAX,
    PAYMENT_STATUSES,
    REFUND_STATUSES,
    SESSION_STATUSES,
    AccountFact,
    BalanceLine,
    ChargeRefundedHint,
    DisputeFact,
    DisputeMovement,
    EndpointFact,
    Fact,
    LinkRecord,
    OpenedLink,
    PaymentFailedFact,
    RefundFact,
    SessionFact,
    UnreadableEvent,
)

Read = TypeVar("Read")


def session(data: Object, *, has_failed: bool = False) -> SessionFact:
    """Read a Checkout Session."""
    details, metadata = fields.part(data, "customer_details"), fields.part(data, "metadata")
    return SessionFact(
        session_id=fields.own_id(data),
        status=fields.status(data, "status", known=SESSION_STATUSES),
        payment_status=fields.status(data, "payment_status", known=PAYMENT_STATUSES),
        livemode=fields.yes_or_no(data, "livemode"),
        amount=_session_amount(data),
        tax_minor=_tax_minor(data),
        checkout_ref=(
            fields.reference(metadata, "checkout_ref")
            or fields.reference(data, "client_reference_id")
        ),
        trace_ref=fields.reference(metadata, "trace_ref"),
        payment_intent_id=fields.id_of(data, "payment_intent"),
        payment_link_id=fields.id_of(data, "payment_link"),
        link_ref=fields.reference(metadata, "link_ref"),
        customer_id=fields.id_of(data, "customer", shape=fields.OTHER_ID) or None,
        email=_address(data, details),
        name=one_line(fields.text(details, "name"))[:BUYER_NAME_CHARS_MAX].rstrip(),
        url=fields.url(data, "url"),
        created_at=fields.at(data, "created"),
        expires_at=fields.when(data, "expires_at"),
        card_fingerprint=_card_of_session(data),
        has_failed=has_failed or _is_refused(data),
    )


def _address(data: Object, details: Object) -> str:
    """Return what the buyer typed; what the page was opened with only where they typed nothing."""
    if details.get("email"):
        return fields.address(details, "email")
    return fields.address(data, "customer_email")


def _session_amount(data: Object) -> Money | None:
    """Return what a session takes. It may be open while unknown; once completed it must be said.

    https://docs.stripe.com/api/checkout/sessions/object#checkout_session_object-amount_total
    """
    if data["status"] != "complete" and data.get("amount_total") is None:
        return None
    amount = fields.money(data, "amount_total")
    if not amount.amount_minor:
        return amount
    if data["payment_status"] == "no_payment_required":
        raise UnreadableEvent("payment_status: no_payment_required, but amount_total is not 0")
    # A subscription is paid by its invoice: it is nothing of ours, and a person looks at it.
    is_charged = data["payment_status"] == "paid" and data.get("mode") != "subscription"
    if is_charged and not fields.id_of(data, "payment_intent"):
        raise UnreadableEvent("payment_intent: missing, though amount_total was paid")
    return amount


def _tax_minor(data: Object) -> int:
    """Return the tax within the amount: none where Stripe has computed no details."""
    details = fields.part(data, "total_details")
    return fields.whole(details["amount_tax"], "amount_tax") if "amount_tax" in details else 0


def _is_refused(data: Object) -> bool:
    """Say whether a bank has refused what a completed session was to take.

    Only its payment says so, where it came with the session: it asks for another method then.
    https://docs.stripe.com/payments/paymentintents/lifecycle
    """
    payment = data.get("payment_intent")
    return (
        isinstance(payment, Mapping)
        and (data["status"], data["payment_status"]) == ("complete", "unpaid")
        and payment.get("status") in {"requires_payment_method", "canceled"}
    )


def _card_of_session(data: Object) -> str:
    """Return which card paid a session, where its payment came with its charge."""
    payment = data.get("payment_intent")
    charge = payment.get("latest_charge") if isinstance(payment, Mapping) else None
    return _card(charge) if isinstance(charge, Mapping) else ""


def _card(charge: Object) -> str:
    """Return Stripe's fingerprint of the card that a charge has charged; "" for other methods.

    https://docs.stripe.com/api/charges/object#charge_object-payment_method_details-card-fingerprint
    """
    if charge.get("paid") is not True:
        return ""
    card = fields.part(fields.part(charge, "payment_method_details"), "card")
    return fields.word(card, "fingerprint")


def failed_session(data: Object) -> SessionFact:
    """Read the session of an ``async_payment_failed``: only the event says that it failed."""
    return session(data, has_failed=True)


def refund(data: Object) -> RefundFact:
    """Read a refund."""
    fields.require_payment(data)
    return RefundFact(
        refund_id=fields.own_id(data),
        status=fields.status(data, "status", known=REFUND_STATUSES),
        amount=fields.money(data, "amount"),
        payment_intent_id=fields.id_of(data, "payment_intent"),
        charge_id=fields.id_of(data, "charge"),
        request_ref=fields.reference(fields.part(data, "metadata"), "refund_ref"),
        created_at=fields.at(data, "created"),
    )


def refunded_charge(data: Object) -> ChargeRefundedHint:
    """Read a ``charge.refunded``."""
    return ChargeRefundedHint(
        charge_id=fields.own_id(data),
        payment_intent_id=fields.id_of(data, "payment_intent"),
        refunded=fields.money(data, "amount_refunded"),
    )


def dispute(data: Object) -> DisputeFact:
    """Read a dispute, with the movements of money it has caused so far."""
    fields.require_payment(data)
    return DisputeFact(
        dispute_id=fields.own_id(data),
        status=fields.status(
            data, "status"
        ),  # an unknown one is recorded too: money may have moved
        reason=fields.word(data, "reason"),
        amount=fields.money(data, "amount"),
        payment_intent_id=fields.id_of(data, "payment_intent"),
        charge_id=fields.id_of(data, "charge"),
        evidence_due_at=fields.when(fields.part(data, "evidence_details"), "due_by"),
        opened_at=fields.at(data, "created"),
        movements=tuple(_movement(line) for line in fields.parts(data, "balance_transactions")),
    )


def _movement(line: Object) -> DisputeMovement:
    return DisputeMovement(
        transaction_id=fields.own_id(line),
        amount=fields.money(line, "amount", is_signed=True),
        fee=fields.money(line, "fee", is_signed=True),
        occurred_at=fields.at(line, "created"),
        exchange_rate=fields.rate(line, "exchange_rate"),
    )


def failed_payment(data: Object) -> PaymentFailedFact:
    """Read a ``payment_intent.payment_failed``: the code, never the words."""
    error, metadata = fields.part(data, "last_payment_error"), fields.part(data, "metadata")
    return PaymentFailedFact(
        payment_intent_id=fields.own_id(data),
        checkout_ref=fields.reference(metadata, "checkout_ref"),
        link_ref=fields.reference(metadata, "link_ref"),
        try_id=fields.id_of(error, "charge") or fields.id_of(error, "payment_method"),
        code=fields.word(error, "decline_code") or fields.word(error, "code"),
    )


def payment_link(data: Object) -> OpenedLink:
    """Read a payment link."""
    return OpenedLink(
        link_id=fields.own_id(data),
        url=fields.url(data, "url"),
        is_active=fields.yes_or_no(data, "active"),
    )


def link_record(data: Object) -> LinkRecord:
    """Read a payment link with the ``items`` that it sells."""
    prices = [fields.money(item, "amount_total") for item in data["items"]]
    if not prices or {price.currency for price in prices} != {prices[0].currency}:
        raise UnreadableEvent("line_items: none, or in several currencies")
    return LinkRecord(
        link_id=fields.own_id(data),
        price=Money(sum(price.amount_minor for price in prices), prices[0].currency),
        livemode=fields.yes_or_no(data, "livemode"),
        call_ref=fields.reference(fields.part(data, "metadata"), "call_ref"),
    )


def balance_line(data: Object) -> BalanceLine:
    """Read a balance transaction whose ``source`` is expanded."""
    expanded = data.get("source")
    source: Object = expanded if isinstance(expanded, Mapping) else {}
    amount = fields.money(data, "amount", is_signed=True)
    is_charge = source.get("object") == "charge"
    return BalanceLine(
        transaction_id=fields.own_id(data),
        type=fields.said(data, "type"),
        category=fields.word(data, "reporting_category") or fields.said(data, "type"),
        source_id=fields.id_of(data, "source", shape=fields.OTHER_ID),
        payment_intent_id=fields.id_of(source, "payment_intent"),
        charge_id=fields.id_of(source, "id" if is_charge else "charge"),
        amount=amount,
        presented=_presented(data, amount, source),
        fee=fields.money(data, "fee", is_signed=True),
        occurred_at=fields.at(data, "created"),
        card_fingerprint=_card(source) if is_charge else "",
    )


def lines_of(holder: Object) -> list[BalanceLine]:
    """Read the balance transactions of a charge or refund that carries them expanded."""
    names = ("balance_transaction", "failure_balance_transaction")
    return [
        balance_line(fields.part(holder, name)) for name in names if holder.get(name) is not None
    ]


def _presented(data: Object, amount: Money, source: Object) -> Money:
    """Return the movement in the buyer's currency; a source in our own currency changes nothing."""
    if source.get("object") not in {"charge", "refund"}:
        return amount
    whole = fields.money(source, "amount")
    if whole.currency == amount.currency:
        return amount
    if data.get("reporting_category") == "partial_capture_reversal":  # what was not captured of it
        whole -= fields.money(source, "amount_captured")
    return -whole if amount.amount_minor < 0 else whole


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
        return understood(reader, data)
    except UnreadableEvent as error:
        raise UnreadableEvent(f"{type_}: {error}") from error


def understood(reader: Callable[[Object], Read], data: Object) -> Read:
    """Return what ``reader`` makes of ``data``. Raises UnreadableEvent, and nothing else."""
    try:
        return reader(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableEvent(f"{type(error).__name__} at {error}") from error
