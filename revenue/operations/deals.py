"""The deal and the contact of an order, and the earlier order that it may repeat."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from crm import operations as crm
from crm.enums import SaleStatus
from revenue.enums import OrderState
from revenue.models import Order
from revenue.operations.doubles import earlier_payment
from revenue.operations.order_state import state_of
from revenue.operations.recording_context import RecordingContext

# A refunded or disputed order was won before; what a person must decide is won after.
SALE_STATUSES: Final = MappingProxyType(
    {
        OrderState.AWAITING_PAYMENT: SaleStatus.PENDING,
        OrderState.FAILED: SaleStatus.FAILED,
        OrderState.PAID: SaleStatus.WON,
    }
)


def attach_deal(
    context: RecordingContext,
    order: Order,
    *,
    status: SaleStatus | None = None,
    customer_id: str | None = None,
) -> crm.AttachedDeal | None:
    """Bring the deal to what ``order`` means for it, and name deal and contact on ``order``.

    The caller saves the order. ``status`` overrules what follows from its facts: money that came
    and went again before anybody accepted the order has won its deal all the same. ``customer_id``
    is Stripe's, of a buyer it keeps. Returns the deal; None where the order means nothing for one.
    """
    status = status or SALE_STATUSES.get(state_of(order))
    if status is None:
        return None
    attached = crm.attach_sale(
        crm.Sale(
            status=status,
            order_ref=order.reference,
            amount=order.total,
            mode=order.mode,
            trace_ref=order.trace_ref,
            deal_id=order.deal_id,
            offer_id=order.offer_id,
            title=order.offer.title if order.offer else "Payment not made through an offer",
            email=order.buyer_email,
            name=order.buyer_name,
            stripe_customer_id=customer_id or "",
            now=context.now,
        )
    )
    order.deal_id, order.contact_id = attached.deal_id, attached.contact_id
    if order.double_of_id is None:
        order.double_of_id = _first_payment(context, order, won_by=attached.won_by)
    return attached


def _first_payment(context: RecordingContext, order: Order, *, won_by: str | None) -> int | None:
    """Return the id of the order that may have been paid already by what pays ``order``.

    The one that won its deal before; else one of the same person for the same offer.
    """
    if won_by is not None:
        return Order.objects.values_list("pk", flat=True).get(reference=won_by)
    if order.paid_at is None:
        return None
    is_told_now = order.paid_at == context.now
    return earlier_payment(order, paid_at=context.occurred_at if is_told_now else order.paid_at)
