"""Before the transaction: read the event, and ask Stripe what the event does not say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

from kernel.modes import Mode
from revenue import queries
from revenue.enums import Source
from revenue.models import StripeWebhookEvent
from revenue.policy import REFUNDS_UNDONE
from revenue.ports import (
    ChargeRefundedHint,
    DisputeFact,
    Fact,
    GatewayError,
    GatewayUnreadable,
    PaymentGateway,
    RefundFact,
    UnreadableEvent,
)
from revenue.queries.renderings import is_readable, readable_rendering

LOOK_UP_FROM_ATTEMPT = 2  # the first miss is nearly always a matter of seconds


class Park(Exception):
    """Nothing we may do about this event: a person must look. The text holds no personal data.

    ``is_unread`` says that it came at no version we read; it may still come at another.
    """

    def __init__(self, text: str, *, is_unread: bool = False) -> None:
        super().__init__(text)
        self.is_unread = is_unread


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be recorded, in this order."""

    facts: tuple[Fact, ...]


def plan_event(event: StripeWebhookEvent, *, gateway: PaymentGateway, source: Source) -> Plan:
    """Return what ``event`` asks us to record. Calls Stripe only where the event is not enough.

    Raises Park for an event of another mode or of an API version we do not read, where the event
    or Stripe's answer cannot be read, and the gateway's errors.
    """
    try:
        return _planned(event, gateway=gateway, source=source)
    except GatewayUnreadable as answer:
        raise Park(f"Stripe's answer: {answer.code}") from answer


def _planned(event: StripeWebhookEvent, *, gateway: PaymentGateway, source: Source) -> Plan:
    _require_our_world(event)
    if is_of_another_account(event):
        return Plan(())
    rendering = readable_rendering(event)
    is_read = rendering is not None or is_readable(event.api_version)
    body = event.body if rendering is None else rendering.body
    told = None if body is None or _is_hint(event, source=source, is_read=is_read) else bytes(body)
    if told is not None and not is_read:
        return _plan_unread(event, told, gateway=gateway)
    fact = _read(event, told, gateway=gateway, source=source)
    match fact:
        case None:
            return Plan(())
        case ChargeRefundedHint():
            return _plan_refunded_charge(event, fact, gateway=gateway)
        case RefundFact():
            causes = _missing_cause(event, fact, gateway=gateway)
            refunds = refund_after_failures(fact, gateway=gateway, mode=Mode(event.mode))
            return Plan((*causes, *refunds))
        case DisputeFact():
            return Plan((*_missing_cause(event, fact, gateway=gateway), fact))
        case _:
            return Plan((fact,))


def _is_hint(event: StripeWebhookEvent, *, source: Source, is_read: bool) -> bool:
    """Say whether the event only names an object, which is then read anew at our version.

    It was listed, not delivered, whoever acts on it then; or a person replays an event that came
    at no version we read.
    """
    is_listed = event.is_listed or source == Source.RECONCILE
    return is_listed or (source == Source.REPLAY and not is_read)


def _require_our_world(event: StripeWebhookEvent) -> None:
    if event.mode != settings.DEPLOYMENT_MODE or (event.livemode and event.mode != Mode.LIVE):
        raise Park(
            f"livemode is {str(event.livemode).lower()}, but this is a "
            f"{settings.DEPLOYMENT_MODE} deployment: check which endpoint sends here"
        )


def _plan_unread(event: StripeWebhookEvent, told: bytes, *, gateway: PaymentGateway) -> Plan:
    """Plan for an event of an API version we do not read: a type of no meaning needs nobody."""
    try:
        means_nothing = gateway.read_event(told) is None
    except UnreadableEvent:
        means_nothing = False
    if means_nothing:
        return Plan(())
    raise Park(
        f"rendered for API version {event.api_version or 'unknown'}, which "
        "STRIPE_API_VERSIONS does not name: pin the endpoint's version, then replay",
        is_unread=True,
    )


def is_of_another_account(event: StripeWebhookEvent) -> bool:
    """Say whether an event is about an account that sells nothing here."""
    return bool(event.account) and event.account != settings.STRIPE_ACCOUNT


def _read(
    event: StripeWebhookEvent, told: bytes | None, *, gateway: PaymentGateway, source: Source
) -> Fact | None:
    """Read what was ``told``, or for a hint the object as it is now; a person's replay tries both.

    Raises Park, and for a hint the gateway's errors.
    """
    try:
        if told is None:
            return gateway.reread(event_type=event.type, object_id=event.object_id)
        return gateway.read_event(told)
    except UnreadableEvent as error:
        if told is None or source != Source.REPLAY or not event.object_id:
            raise Park(str(error)) from error
        try:
            return gateway.reread(event_type=event.type, object_id=event.object_id)
        except (UnreadableEvent, GatewayError):
            raise Park(str(error)) from error


def _plan_refunded_charge(
    event: StripeWebhookEvent, hint: ChargeRefundedHint, *, gateway: PaymentGateway
) -> Plan:
    """List the charge's refunds only where its cumulative amount exceeds what we know."""
    known = queries.known_refunds(
        payment_intent_id=hint.payment_intent_id, charge_id=hint.charge_id, mode=event.mode
    )
    is_comparable = known is not None and known.currency == hint.refunded.currency
    if known is not None and is_comparable and hint.refunded <= known:
        return Plan(())
    refunds = gateway.refunds_of_charge(hint.charge_id)
    causes: tuple[Fact, ...] = ()
    if refunds:
        causes = _missing_cause(event, refunds[0], gateway=gateway)
    return Plan((*causes, *_failures_first(refunds)))


def refund_after_failures(
    fact: RefundFact, *, gateway: PaymentGateway, mode: Mode
) -> tuple[RefundFact, ...]:
    """Return what to record of a refund, in this order: it, after any failure that made it room.

    Stripe refunds a payment anew when a refund of it has failed, and of the two the second may
    reach us first. Calls Stripe only then. Raises the gateway's errors.
    """
    if fact.status != "succeeded" or not queries.exceeds_what_is_left(fact, mode=mode):
        return (fact,)
    told = gateway.refunds_of_payment(fact.payment_intent_id) if fact.payment_intent_id else ()
    return (*_failures_first(told), fact)


def _failures_first(refunds: Iterable[RefundFact]) -> list[RefundFact]:
    """Order the refunds of one payment so that at no time more than the payment is booked."""
    return sorted(refunds, key=lambda fact: fact.status not in REFUNDS_UNDONE)


def _missing_cause(
    event: StripeWebhookEvent, fact: RefundFact | DisputeFact, *, gateway: PaymentGateway
) -> tuple[Fact, ...]:
    """Fetch the session of a payment we have not heard of, once waiting did not help."""
    if event.attempts < LOOK_UP_FROM_ATTEMPT or not fact.payment_intent_id:
        return ()
    if queries.is_payment_known(payment_intent_id=fact.payment_intent_id, mode=event.mode):
        return ()
    return tuple(gateway.sessions_of_payment(fact.payment_intent_id))
