"""Before the transaction: read the event, and ask Stripe what the event does not say."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
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
from revenue.queries.renderings import (
    is_own_body_read,
    is_rendered_readably,
    readable_bodies,
)

LOOK_UP_FROM_ATTEMPT = 2  # the first miss is nearly always a matter of seconds


class NeedsOperator(Exception):
    """Nothing we may do about this event: a person must look. The text holds no personal data.

    ``renderings_read`` says how many other renderings were looked at where none could be read: one
    more may still come.
    """

    def __init__(self, text: str, *, renderings_read: int | None = None) -> None:
        super().__init__(text)
        self.renderings_read = renderings_read


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be recorded, in this order."""

    facts: tuple[Fact, ...]


def plan_event(event: StripeWebhookEvent, *, gateway: PaymentGateway, source: Source) -> Plan:
    """Return what ``event`` asks us to record. Calls Stripe only where the event is not enough.

    Raises NeedsOperator for an event of another mode or of an API version we do not read, where the
    event or Stripe's answer cannot be read, and the gateway's errors.
    """
    try:
        return _planned(event, gateway=gateway, source=source)
    except GatewayUnreadable as answer:
        raise NeedsOperator(f"Stripe's answer: {answer.code}") from answer


def _planned(event: StripeWebhookEvent, *, gateway: PaymentGateway, source: Source) -> Plan:
    _require_our_world(event)
    if is_of_another_account(event):
        return Plan(())
    fact = _read(event, gateway=gateway, source=source)
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


def _is_hint(event: StripeWebhookEvent, *, source: Source) -> bool:
    """Say whether the event only names an object, which is then read anew at our version.

    It was listed, not delivered, whoever acts on it then; or a person replays an event that came
    at no version we read.
    """
    is_listed = event.is_listed or source == Source.RECONCILE
    return is_listed or (source == Source.REPLAY and not is_rendered_readably(event))


def _require_our_world(event: StripeWebhookEvent) -> None:
    if event.mode != settings.DEPLOYMENT_MODE or (event.livemode and event.mode != Mode.LIVE):
        raise NeedsOperator(
            f"livemode is {str(event.livemode).lower()}, but this is a "
            f"{settings.DEPLOYMENT_MODE} deployment: check which endpoint sends here"
        )


def is_of_another_account(event: StripeWebhookEvent) -> bool:
    """Say whether an event is about an account that sells nothing here."""
    return bool(event.account) and event.account != settings.STRIPE_ACCOUNT


def _read(event: StripeWebhookEvent, *, gateway: PaymentGateway, source: Source) -> Fact | None:
    """Read an event in the first rendering that can be read; a hint or an emptied one at Stripe.

    A person's replay of what cannot be read asks Stripe as well. Raises NeedsOperator, and where
    Stripe is asked the gateway's errors.
    """
    if _is_hint(event, source=source):
        return _read_at_stripe(event, gateway=gateway)
    problems: list[UnreadableEvent] = []
    for body in readable_bodies(event):
        try:
            return gateway.read_event(body)
        except UnreadableEvent as error:
            problems.append(error)
    if not problems:
        return _read_unread(event, gateway=gateway)
    if source == Source.REPLAY and event.object_id:
        with suppress(UnreadableEvent, GatewayError):
            return gateway.reread(event_type=event.type, object_id=event.object_id)
    others_read = len(problems) - is_own_body_read(event)
    raise NeedsOperator(str(problems[0]), renderings_read=others_read) from problems[0]


def _read_at_stripe(event: StripeWebhookEvent, *, gateway: PaymentGateway) -> Fact | None:
    try:
        return gateway.reread(event_type=event.type, object_id=event.object_id)
    except UnreadableEvent as error:
        raise NeedsOperator(str(error)) from error


def _read_unread(event: StripeWebhookEvent, *, gateway: PaymentGateway) -> Fact | None:
    """Take an event of an API version we do not read: a type of no meaning needs nobody.

    One that was emptied is read at Stripe.
    """
    if event.body is None:
        return _read_at_stripe(event, gateway=gateway)
    with suppress(UnreadableEvent):
        if gateway.read_event(bytes(event.body)) is None:
            return None
    raise NeedsOperator(
        f"rendered for API version {event.api_version or 'unknown'}, which "
        "STRIPE_API_VERSIONS does not name: pin the endpoint's version, then replay",
        renderings_read=0,
    )


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
    refunds = gateway.refunds_of_payment(fact.payment_intent_id) if fact.payment_intent_id else ()
    return (*_failures_first(refunds), fact)


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
