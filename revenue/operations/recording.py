"""One fact of Stripe's, whatever it is about, into our rows."""

from __future__ import annotations

from crm import operations as crm
from crm.enums import ActivityKind
from revenue.enums import Outcome
from revenue.models import CheckoutSession, PaymentLink
from revenue.operations.disputes import record_dispute
from revenue.operations.fees import record_fee
from revenue.operations.recording_context import Telling
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


def record(telling: Telling, fact: Fact | BalanceLine) -> Outcome:
    """Record ``fact`` in the caller's transaction; every way from Stripe into our books ends here.

    Safe to repeat and to race: each recorder locks the checkout first and knows its fact by
    Stripe's id. Raises CauseMissing for what came before its payment; Unrecordable for what no
    later try could record either.
    """
    match fact:
        case SessionFact():
            return record_session(telling, fact)
        case RefundFact():
            return record_refund(telling, fact)
        case DisputeFact():
            return record_dispute(telling, fact)
        case BalanceLine():
            return record_fee(telling, fact)
        case PaymentFailedFact():
            return _note_failed_try(telling, fact)
        case ChargeRefundedHint():  # it only says where to look, as the event's plan has done
            return Outcome.ALREADY_KNOWN


def _note_failed_try(telling: Telling, fact: PaymentFailedFact) -> Outcome:
    """A declined card is a line in the deal's timeline; the session stays open."""
    asked = _what_asked(telling, fact)
    if asked is None:
        return Outcome.IGNORED
    telling.about(order_id=None, trace_ref=asked.trace_ref)
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
        now=telling.now,
        # Stripe may send two events about one try, and one payment may see many tries.
        key=f"failed:{fact.payment_intent_id}:{fact.try_id or telling.event_id or 0}",
    )
    if not is_new:
        return Outcome.ALREADY_KNOWN
    telling.changed("a payment attempt was declined")
    return Outcome.RECORDED


def _what_asked(telling: Telling, fact: PaymentFailedFact) -> CheckoutSession | PaymentLink | None:
    """Return what the buyer tried to pay: a checkout of ours, or a payment link."""
    if fact.checkout_ref:
        return CheckoutSession.objects.filter(
            reference=fact.checkout_ref, mode=telling.mode
        ).first()
    if fact.link_ref:
        return PaymentLink.objects.filter(reference=fact.link_ref, mode=telling.mode).first()
    return None
