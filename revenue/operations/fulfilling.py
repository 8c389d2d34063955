"""A completed session: the order, and in the same commit all that a payment means."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from crm import operations as crm
from crm.enums import SaleStanding
from crm.operations import AttachedDeal
from fulfillment import operations as fulfillment
from kernel.money import Money
from kernel.nudges import nudge_after_commit
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
from revenue.operations.doubles import earlier_payment
from revenue.operations.holding import hold_or_release_work
from revenue.operations.links import close_link
from revenue.operations.mails import queue_mail
from revenue.operations.standing import settle, state_of_new
from revenue.operations.telling import Telling, Unrecordable
from revenue.policy import review_reason
from revenue.ports import SessionFact
from revenue.queries.verdicts import standing_verdict

STANDINGS: Final = MappingProxyType(
    {
        OrderState.AWAITING_PAYMENT: SaleStanding.PENDING,
        OrderState.FAILED: SaleStanding.FAILED,
        OrderState.PAID: SaleStanding.WON,
    }
)


def record_completion(telling: Telling, checkout: CheckoutSession, fact: SessionFact) -> Outcome:
    """Record a completed session, paid or not, on the locked ``checkout``.

    The money counts once, however often and by whichever door it is told: only the first telling
    that finds ``paid_at`` empty books it, wins the deal and opens the intake.
    """
    order = Order.objects.filter(checkout=checkout).first() if _was_complete(checkout) else None
    is_new = order is None
    order = order or _new_order(telling, checkout, fact)
    telling.about(order_id=order.pk, trace_ref=order.trace_ref)
    is_newly_paid = fact.is_settled and order.paid_at is None
    is_newly_failed = fact.has_failed and order.payment_failed_at is None
    if is_newly_paid and not is_new:
        _take_amount(order, _taken(fact))
    if not (is_new or is_newly_paid or is_newly_failed):
        return Outcome.ALREADY_KNOWN
    _complete(telling, checkout, fact)
    order.paid_at = telling.now if is_newly_paid else order.paid_at
    order.payment_failed_at = telling.now if is_newly_failed else order.payment_failed_at
    _save(telling, order, customer_id=fact.customer_id, is_new=is_new)
    if is_newly_paid:
        _book_payment(telling, order, fact)
    _tell(telling, order, is_newly_paid=is_newly_paid)
    return Outcome.RECORDED


def _was_complete(checkout: CheckoutSession) -> bool:
    return checkout.state == CheckoutState.COMPLETE


def _new_order(telling: Telling, checkout: CheckoutSession, fact: SessionFact) -> Order:
    taken = _taken(fact)
    is_foreign = checkout.origin == CheckoutOrigin.FOREIGN
    claims_ours = bool(fact.checkout_ref) and is_foreign
    reason = review_reason(
        asked=None if is_foreign else checkout.price,
        taken=taken,
        is_foreign_mode=claims_ours
        and CheckoutSession.objects.filter(reference=fact.checkout_ref)
        .exclude(mode=telling.mode)
        .exists(),
    )
    return Order(
        reference=new_reference("ord"),
        mode=checkout.mode,
        checkout=checkout,
        offer=checkout.offer,
        deal_id=checkout.deal_id,
        trace_ref=checkout.trace_ref,
        amount_minor=taken.amount_minor,
        currency=taken.currency,
        tax_minor=fact.tax_minor,
        buyer_email=fact.email,
        buyer_name=fact.name,
        payment_intent_id=fact.payment_intent_id,
        placed_at=telling.now,
        review_reason=reason or "",
    )


def _taken(fact: SessionFact) -> Money:
    """Return what a completed session takes. Raises Unrecordable: what is not said is not zero."""
    if fact.amount is None:
        raise Unrecordable(f"amount_total: missing, so nothing of {fact.session_id} can be booked")
    return fact.amount


def _take_amount(order: Order, taken: Money) -> None:
    """Let the payment's own telling say how much it is, where an earlier one said otherwise.

    A person then looks at it. Raises Unrecordable where one has decided about another amount.
    """
    if taken == order.total:
        return
    if standing_verdict(order):
        raise Unrecordable(
            f"amount_total: {taken}, but a person decided about {order.total} of order"
            f" {order.reference}. Look at it at Stripe."
        )
    reason = review_reason(asked=order.total, taken=taken, is_foreign_mode=False)
    order.review_reason = order.review_reason or reason or ""
    order.amount_minor, order.currency = taken.amount_minor, taken.currency


def _complete(telling: Telling, checkout: CheckoutSession, fact: SessionFact) -> None:
    if _was_complete(checkout):
        return
    checkout.move(
        CheckoutState.COMPLETE,
        stripe_id=fact.session_id,
        completed_at=telling.now,
        next_check_at=None,
        last_error="",
    )
    close_link(checkout, link_id=fact.payment_link_id)


def _save(telling: Telling, order: Order, *, customer_id: str | None, is_new: bool) -> None:
    """Insert the order, or move it along; its deal and contact follow its state."""
    if not is_new:
        settle(
            telling,
            order,
            paid_at=order.paid_at,
            payment_failed_at=order.payment_failed_at,
            amount_minor=order.amount_minor,
            currency=order.currency,
            review_reason=order.review_reason,
        )
        attach(telling, order, customer_id=customer_id)
        return
    order.state = state_of_new(order)
    attached = _attached(telling, order, customer_id=customer_id)
    if attached is not None:
        order.deal_id, order.contact_id = attached.deal_id, attached.contact_id
        order.double_of_id = _first_payment(telling, order, attached)
    if not insert_once(order):
        raise Unrecordable(_paid_another(order))
    telling.about(order_id=order.pk, trace_ref=order.trace_ref)
    telling.changed(f"order {order.reference} made: {order.state}")


def _paid_another(order: Order) -> str:
    """Say which order has the payment of ``order``, whose checkout is locked and has none."""
    first = Order.objects.get(payment_intent_id=order.payment_intent_id, mode=order.mode)
    return (
        f"payment_intent: {order.payment_intent_id} has paid order {first.reference} already, so"
        " another session of it is no second payment. Compare both sessions at Stripe; where the"
        " money came once, close this event without acting."
    )


def attach(
    telling: Telling,
    order: Order,
    *,
    standing: SaleStanding | None = None,
    customer_id: str | None = None,
) -> None:
    """Bring the deal of an existing order to what the order's state means for it.

    ``standing`` overrules the state: money that came and went again before anybody accepted the
    order has won its deal all the same. ``customer_id`` is Stripe's, of a buyer it keeps.
    """
    attached = _attached(telling, order, standing=standing, customer_id=customer_id)
    if attached is None:
        return
    order.deal_id, order.contact_id = attached.deal_id, attached.contact_id
    if order.double_of_id is None:
        order.double_of_id = _first_payment(telling, order, attached)
    Order.objects.filter(pk=order.pk).update(
        deal=attached.deal_id, contact=attached.contact_id, double_of=order.double_of_id
    )


def _attached(
    telling: Telling,
    order: Order,
    *,
    customer_id: str | None,
    standing: SaleStanding | None = None,
) -> AttachedDeal | None:
    # A refunded or disputed order was won before; what a person must decide is won after.
    standing = standing or STANDINGS.get(OrderState(order.state))
    if standing is None:
        return None
    return crm.attach_sale(
        standing=standing,
        trace_ref=order.trace_ref,
        deal_id=order.deal_id,
        offer_id=order.offer_id,
        title=order.offer.title if order.offer else "Payment not made through an offer",
        email=order.buyer_email,
        name=order.buyer_name,
        stripe_customer_id=customer_id,
        mode=order.mode,
        amount=order.total,
        order_ref=order.reference,
        now=telling.now,
    )


def _first_payment(telling: Telling, order: Order, attached: AttachedDeal) -> int | None:
    """Return the id of the order that may have been paid already by what pays ``order``.

    The one that won its deal before; else one of the same person for the same offer.
    """
    if attached.won_by is not None:
        return Order.objects.values_list("pk", flat=True).get(reference=attached.won_by)
    if order.paid_at is None:
        return None
    is_told_now = order.paid_at == telling.now
    return earlier_payment(order, paid_at=telling.occurred_at if is_told_now else order.paid_at)


def _wake_waiting(telling: Telling, order: Order) -> None:
    """Let refunds and disputes that came before their payment be tried again at once."""
    if order.payment_intent_id:
        update_where(
            StripeWebhookEvent,
            where={"waits_for": order.payment_intent_id},
            written={"next_attempt_at": telling.now},
        )


def _book_payment(telling: Telling, order: Order, fact: SessionFact) -> None:
    book(
        telling,
        order=order,
        kind=RevenueKind.PAYMENT,
        amount=order.total,
        fact_key=f"session:{fact.session_id}:paid",
        stripe_object_id=fact.payment_intent_id or fact.session_id,
        occurred_at=telling.occurred_at,
    )
    _wake_waiting(telling, order)
    if order.state == OrderState.PAID:
        open_work(telling, order)


def open_work(telling: Telling, order: Order) -> None:
    """Open the intake of a paid order, and let fulfillment know.

    The work on a possible double payment waits for a person's word.
    """
    intake = fulfillment.open_intake(
        order_id=order.pk,
        order_ref=order.reference,
        offer_id=order.offer_id,
        deal_id=order.deal_id,
        mode=order.mode,
        trace_ref=order.trace_ref,
        now=telling.now,
    )
    telling.changed(f"intake {intake.reference} opened")
    if order.double_of_id is not None:
        hold_or_release_work(telling, order)
    nudge_after_commit("order.paid")


def _tell(telling: Telling, order: Order, *, is_newly_paid: bool) -> None:
    """Queue what the buyer and the operators hear of this."""
    if order.state == OrderState.NOT_OURS:  # a person ruled it out before the bank paid
        return
    if order.state == OrderState.NEEDS_REVIEW:
        raise_alert(
            telling,
            kind=AlertKind.ORDER_REVIEW,
            item=order.reference,
            order=order,
            facts={"amount_minor": order.amount_minor, "currency": order.currency},
        )
        if order.is_refused and order.offer_id is not None:  # a buyer of ours, not of another shop
            queue_mail(telling, order=order, kind=MailKind.PAYMENT_FAILED)
    elif is_newly_paid:
        queue_mail(telling, order=order, kind=MailKind.PAID)
    elif order.state == OrderState.AWAITING_PAYMENT:
        queue_mail(telling, order=order, kind=MailKind.BANK_PROCESSING)
    elif order.state == OrderState.FAILED:
        queue_mail(telling, order=order, kind=MailKind.PAYMENT_FAILED)
