"""A completed session: the order, and in the same commit all that a payment means."""

from __future__ import annotations

from crm.operations import AttachedDeal
from kernel.money import Money
from kernel.references import new_reference
from kernel.statements import insert_once, update_where
from revenue.enums import (
    AlertKind,
    CheckoutOrigin,
    CheckoutState,
    MailKind,
    OrderState,
    Outcome,
    RevenueKind,
)
from revenue.models import CheckoutSession, Order, StripeWebhookEvent
from revenue.operations.alerts import raise_alert
from revenue.operations.booking import book
from revenue.operations.deals import attach_deal
from revenue.operations.holding import open_work
from revenue.operations.links import close_link
from revenue.operations.mails import queue_mail
from revenue.operations.order_state import settle, state_of
from revenue.operations.recording_context import RecordingContext, Unrecordable
from revenue.policy import review_reason
from revenue.ports import SessionFact
from revenue.queries.verdicts import current_verdict


def record_completion(
    context: RecordingContext, checkout: CheckoutSession, fact: SessionFact
) -> Outcome:
    """Record a completed session, paid or not, on the locked ``checkout``.

    The money counts once, however often and by whichever way it is reported: only the first report
    that finds ``paid_at`` empty books it, wins the deal and opens the intake.
    """
    order = _known_order(context, checkout) or _new_order(context, checkout, fact)
    is_new = order.pk is None
    is_paid_now = _take_payment(context, order, fact)
    is_failed_now = _take_failure(context, order, fact)
    if not (is_new or is_paid_now or is_failed_now):
        return Outcome.ALREADY_KNOWN

    _complete(context, checkout, fact)
    deal = attach_deal(context, order, customer_id=fact.customer_id)
    _save(context, order)
    if is_paid_now:
        _book(context, order, fact)
        _wake_waiting(context, order)
        _open_work_if_paid(context, order, deal)
    _notify(context, order, is_paid_now=is_paid_now)
    return Outcome.RECORDED


def _known_order(context: RecordingContext, checkout: CheckoutSession) -> Order | None:
    if checkout.state != CheckoutState.COMPLETE:
        return None  # an order completes its checkout, so there is none to look for
    order = Order.objects.filter(checkout=checkout).first()
    if order is not None:
        context.about(order_id=order.pk, trace_ref=order.trace_ref)
    return order


def _new_order(context: RecordingContext, checkout: CheckoutSession, fact: SessionFact) -> Order:
    amount = _amount(fact)
    is_foreign = checkout.origin == CheckoutOrigin.FOREIGN
    claims_ours = bool(fact.checkout_ref) and is_foreign
    reason = review_reason(
        asked=None if is_foreign else checkout.price,
        taken=amount,
        is_foreign_mode=claims_ours
        and CheckoutSession.objects.filter(reference=fact.checkout_ref)
        .exclude(mode=context.mode)
        .exists(),
    )
    return Order(
        reference=new_reference("ord"),
        mode=checkout.mode,
        checkout=checkout,
        offer=checkout.offer,
        deal_id=checkout.deal_id,
        trace_ref=checkout.trace_ref,
        amount_minor=amount.amount_minor,
        currency=amount.currency,
        tax_minor=fact.tax_minor,
        buyer_email=fact.email,
        buyer_name=fact.name,
        payment_intent_id=fact.payment_intent_id,
        placed_at=context.now,
        review_reason=reason or "",
    )


def _amount(fact: SessionFact) -> Money:
    """Return what a completed session takes. Raises Unrecordable: what is not said is not zero."""
    if fact.amount is None:
        raise Unrecordable(f"amount_total: missing, so nothing of {fact.session_id} can be booked")
    return fact.amount


def _take_payment(context: RecordingContext, order: Order, fact: SessionFact) -> bool:
    """Let ``order`` be paid if ``fact`` says so for the first time; say whether it does."""
    if not fact.is_settled or order.paid_at is not None:
        return False
    _take_amount(order, _amount(fact))
    order.paid_at = context.now
    return True


def _take_amount(order: Order, taken: Money) -> None:
    """Let the payment's own report say how much it is, where an earlier one said otherwise.

    A person then looks at it. Raises Unrecordable where one has decided about another amount.
    """
    if taken == order.total:
        return
    if current_verdict(order):
        raise Unrecordable(
            f"amount_total: {taken}, but a person decided about {order.total} of order"
            f" {order.reference}. Look at it at Stripe."
        )
    reason = review_reason(asked=order.total, taken=taken, is_foreign_mode=False)
    order.review_reason = order.review_reason or reason or ""
    order.amount_minor, order.currency = taken.amount_minor, taken.currency


def _take_failure(context: RecordingContext, order: Order, fact: SessionFact) -> bool:
    """Let ``order`` have failed if ``fact`` says so for the first time; say whether it does."""
    if not fact.has_failed or order.payment_failed_at is not None:
        return False
    order.payment_failed_at = context.now
    return True


def _complete(context: RecordingContext, checkout: CheckoutSession, fact: SessionFact) -> None:
    """Complete the checkout, and use up the payment link that made it."""
    if checkout.state == CheckoutState.COMPLETE:
        return
    checkout.move(
        CheckoutState.COMPLETE,
        stripe_id=fact.session_id,
        completed_at=context.now,
        next_check_at=None,
        last_error="",
    )
    close_link(checkout, link_id=fact.payment_link_id)


def _save(context: RecordingContext, order: Order) -> None:
    """Insert the order, or move it along. Raises Unrecordable where its payment paid another."""
    if order.pk is not None:
        settle(
            context,
            order,
            paid_at=order.paid_at,
            payment_failed_at=order.payment_failed_at,
            amount_minor=order.amount_minor,
            currency=order.currency,
            review_reason=order.review_reason,
            deal_id=order.deal_id,
            contact_id=order.contact_id,
            double_of_id=order.double_of_id,
        )
        return
    order.begin(state_of(order))
    if not insert_once(order):
        raise Unrecordable(_paid_another(order))
    context.about(order_id=order.pk, trace_ref=order.trace_ref)
    context.changed(f"order {order.reference} made: {order.state}")


def _paid_another(order: Order) -> str:
    """Say which order has the payment of ``order``, whose checkout is locked and has none."""
    first = Order.objects.get(payment_intent_id=order.payment_intent_id, mode=order.mode)
    return (
        f"payment_intent: {order.payment_intent_id} has paid order {first.reference} already, so"
        " another session of it is no second payment. Compare both sessions at Stripe; where the"
        " money came once, close this event without acting."
    )


def _book(context: RecordingContext, order: Order, fact: SessionFact) -> None:
    book(
        context,
        order=order,
        kind=RevenueKind.PAYMENT,
        amount=order.total,
        fact_key=f"session:{fact.session_id}:paid",
        stripe_object_id=fact.payment_intent_id or fact.session_id,
        occurred_at=context.occurred_at,
    )


def _wake_waiting(context: RecordingContext, order: Order) -> None:
    """Let refunds and disputes that came before their payment be tried again at once."""
    if order.payment_intent_id:
        update_where(
            StripeWebhookEvent,
            where={"waits_for": order.payment_intent_id},
            written={"next_attempt_at": context.now},
        )


def _open_work_if_paid(context: RecordingContext, order: Order, deal: AttachedDeal | None) -> None:
    if order.state == OrderState.PAID and deal is not None:  # whatever is paid has won a deal
        open_work(context, order, deal)


def _notify(context: RecordingContext, order: Order, *, is_paid_now: bool) -> None:
    """Queue what the operators and the buyer hear of this."""
    if order.state == OrderState.NEEDS_REVIEW:
        raise_alert(
            context,
            kind=AlertKind.ORDER_REVIEW,
            item=order.reference,
            order=order,
            facts={"amount_minor": order.amount_minor, "currency": order.currency},
        )
    mail = _mail_to_buyer(order, is_paid_now=is_paid_now)
    if mail is not None:
        queue_mail(context, order=order, kind=mail)


def _mail_to_buyer(order: Order, *, is_paid_now: bool) -> MailKind | None:
    match OrderState(order.state):
        case OrderState.NOT_OURS:  # a person ruled it out before the bank paid
            return None
        case OrderState.NEEDS_REVIEW:
            is_our_buyer = order.offer_id is not None  # and not another shop's
            return MailKind.PAYMENT_FAILED if order.is_refused and is_our_buyer else None
        case _ if is_paid_now:
            return MailKind.PAID
        case OrderState.AWAITING_PAYMENT:
            return MailKind.BANK_PROCESSING
        case OrderState.FAILED:
            return MailKind.PAYMENT_FAILED
        case _:
            return None
