"""One fact of Stripe's, whatever it is about, into our rows."""

from __future__ import annotations

from crm import operations as crm
from crm.enums import ActivityKind
from revenue.enums import Outcome
from revenue.models import CheckoutSession, PaymentLink
from revenue.operations.disputes import record_dispute
from revenue.operations.fees import record_fee
from revenue.operations.recording_context import RecordingContext
from revenue.operations.refunds import record_refund
from revenue.operations.sessions import record_session
from revenue.ports import (
    BalanceLine,
    ChargeRefundedHint,
    DisputeFact,
    Fact,
    PaymentFailedFact,
    RefundFact,
    SessionFact,
)


def record(context: RecordingContext, fact: Fact | BalanceLine) -> Outcome:
    """Record ``fact`` in the caller's transaction; every way from Stripe into our books ends here.

    Safe to repeat and to race: each recorder locks the checkout first and knows its fact by
    Stripe's id. Raises CauseMissing for what came before its payment; Unrecordable for what no
    later try could record either.
    """
    match fact:
        case SessionFact():
            return record_session(context, fact)
        case RefundFact():
            return record_refund(context, fact)
        case DisputeFact():
            return record_dispute(context, fact)
        case BalanceLine():
            return record_fee(context, fact)
        case PaymentFailedFact():
            return _note_failed_try(context, fact)
        case ChargeRefundedHint():  # it only says where to look, as the event's plan has done
            return Outcome.ALREADY_KNOWN


def _note_failed_try(context: RecordingContext, fact: PaymentFailedFact) -> Outcome:
    """A declined card is a line in the deal's timeline; the session stays open."""
    asked = _what_asked(context, fact)
    if asked is None:
        return Outcome.IGNORED
    context.about(order_id=None, trace_ref=asked.trace_ref)
    if asked.deal_id is None:  # a direct purchase has no deal before it is paid
        return Outcome.RECORDED
    if not (fact.code or fact.try_id):  # read anew after the payment came through
        return Outcome.ALREADY_KNOWN
    is_new = crm.note(
        deal_id=asked.deal_id,
        kind=ActivityKind.PAYMENT_ATTEMPT_FAILED,
        refs={"link" if isinstance(asked, PaymentLink) else "checkout": asked.reference},
        amount=asked.price,
        actor_id=None,
        now=context.now,
        # Stripe may send two events about one try, and one payment may see many tries.
        key=f"failed:{fact.payment_intent_id}:{fact.try_id or context.event_id or 0}",
    )
    if not is_new:
        return Outcome.ALREADY_KNOWN
    context.changed("a payment attempt was declined")
    return Outcome.RECORDED


def _what_asked(
    context: RecordingContext, fact: PaymentFailedFact
) -> CheckoutSession | PaymentLink | None:
    """Return what the buyer tried to pay: a checkout of ours, or a payment link."""
    if fact.checkout_ref:
        return CheckoutSession.objects.filter(
            reference=fact.checkout_ref, mode=context.mode
        ).first()
    if fact.link_ref:
        return PaymentLink.objects.filter(reference=fact.link_ref, mode=context.mode).first()
    return None
