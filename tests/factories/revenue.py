"""Boring rows of the sale, and Stripe events as the sandbox would send them."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import factory
from factory.django import DjangoModelFactory

from kernel.references import new_reference
from revenue.enums import CheckoutOrigin, CheckoutState, OfferState
from revenue.models import CheckoutSession, Offer, StripeWebhookEvent

NOON = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)  # in the past, whenever this runs
API_VERSION = "2026-10-28.endive"


class OfferFactory(DjangoModelFactory[Offer]):
    class Meta:
        model = Offer

    reference = factory.LazyFunction(lambda: new_reference("off"))
    state = OfferState.PUBLISHED
    slug = factory.Sequence("snapshot-{}".format)
    version = 1
    title = "Acquisition snapshot"
    summary = "A two-page brief."
    delivered = "Two pages\nThree actions"
    refund_policy = "Within 30 days."
    amount_minor = 100
    currency = "USD"
    created_at = NOON
    published_at = NOON


class CheckoutFactory(DjangoModelFactory[CheckoutSession]):
    """An open checkout from the offer page."""

    class Meta:
        model = CheckoutSession

    reference = factory.LazyFunction(lambda: new_reference("chk"))
    mode = "sandbox"
    state = CheckoutState.OPEN
    origin = CheckoutOrigin.OFFER_PAGE
    offer = factory.SubFactory(OfferFactory)
    trace_ref = factory.LazyFunction(lambda: new_reference("trc"))
    amount_minor = 100
    currency = "USD"
    stripe_id = factory.Sequence("cs_test_{:024d}".format)
    url = "http://127.0.0.1/pay"
    parameters = {}
    created_at = NOON


def session_object(checkout: CheckoutSession, **changes: Any) -> dict[str, Any]:
    """A paid, complete Checkout Session of ``checkout`` as Stripe renders it."""
    return {
        "id": checkout.stripe_id,
        "object": "checkout.session",
        "status": "complete",
        "payment_status": "paid",
        "livemode": False,
        "amount_total": checkout.amount_minor,
        "currency": (checkout.currency or "usd").lower(),
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "client_reference_id": checkout.reference,
        "metadata": {"checkout_ref": checkout.reference, "trace_ref": checkout.trace_ref},
        "payment_intent": payment_of(checkout),
        "payment_link": None,
        "customer": None,
        "customer_details": {"email": "ada@buyer.example", "name": "Ada Lovelace"},
        "url": None,
        "created": int(NOON.timestamp()),
        "expires_at": int(NOON.timestamp()) + 86_400,
    } | changes


def payment_of(checkout: CheckoutSession) -> str:
    return f"pi_{(checkout.stripe_id or '')[3:]}"


def refund_object(checkout: CheckoutSession, **changes: Any) -> dict[str, Any]:
    return {
        "id": "re_1Test00000000",
        "object": "refund",
        "status": "succeeded",
        "amount": checkout.amount_minor,
        "currency": checkout.currency.lower(),
        "payment_intent": payment_of(checkout),
        "charge": f"ch_{checkout.pk:024d}",
        "metadata": {},
        "created": int(NOON.timestamp()),
    } | changes


def dispute_object(checkout: CheckoutSession, **changes: Any) -> dict[str, Any]:
    return {
        "id": "dp_1Test00000000",
        "object": "dispute",
        "status": "needs_response",
        "reason": "fraudulent",
        "amount": checkout.amount_minor,
        "currency": checkout.currency.lower(),
        "payment_intent": payment_of(checkout),
        "charge": f"ch_{checkout.pk:024d}",
        "evidence_details": {"due_by": int(NOON.timestamp()) + 7 * 86_400},
        "balance_transactions": [],
        "created": int(NOON.timestamp()),
    } | changes


def movement(transaction_id: str, amount: int, *, fee: int = 0, currency: str = "usd") -> Any:
    """One balance transaction of a dispute."""
    return {
        "id": transaction_id,
        "amount": amount,
        "fee": fee,
        "currency": currency,
        "created": int(NOON.timestamp()),
    }


def event_body(event_type: str, data: dict[str, Any], **changes: Any) -> bytes:
    """An event around ``data``, as the raw bytes of a delivery."""
    envelope = {
        "id": f"evt_{hashlib.sha256(json.dumps([event_type, data]).encode()).hexdigest()[:24]}",
        "object": "event",
        "api_version": API_VERSION,
        "created": int(NOON.timestamp()),
        "type": event_type,
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "data": {"object": data},
    } | changes
    return json.dumps(envelope).encode()


def filed(event_type: str, data: dict[str, Any], **changes: Any) -> StripeWebhookEvent:
    """An event that the door has filed and nobody has acted on."""
    body = event_body(event_type, data, **changes)
    envelope = json.loads(body)
    return StripeWebhookEvent.objects.create(
        stripe_id=envelope["id"],
        type=event_type,
        object_id=data.get("id", ""),
        api_version=envelope["api_version"],
        account=envelope.get("account", ""),
        livemode=envelope["livemode"],
        mode="sandbox",
        body=body,
        body_sha256=hashlib.sha256(body).hexdigest(),
        next_attempt_at=NOON,
        stripe_created_at=datetime.fromtimestamp(envelope["created"], tz=UTC),
        received_at=NOON,
    )
