"""What a letter says of an order, at the moment it is written."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.urls import reverse

from kernel.money import Money
from revenue.enums import MailKind, OfferState, OrderState, PaidBy
from revenue.models import (
    BuyerMail,
    Offer,
    Order,
    Refund,
    RefundPaidElsewhere,
)
from revenue.policy import REFUNDS_UNDONE

UNTITLED: Final = "Payment"


def is_overtaken(mail: BuyerMail) -> bool:
    """Say whether what ``mail`` was to tell is no longer so. Reads at most one row."""
    match mail.kind:
        case MailKind.BANK_PROCESSING:
            return mail.order.paid_at is not None or mail.order.payment_failed_at is not None
        case MailKind.PAYMENT_FAILED:
            return mail.order.paid_at is not None
        case MailKind.REFUND_BOOKED:
            undone = Refund.objects.filter(stripe_id=mail.dedupe_key, status__in=REFUNDS_UNDONE)
            return undone.exists()
        case MailKind.NOT_OURS:
            return mail.order.state != OrderState.NOT_OURS
        case _:
            return False


def letter_facts(mail: BuyerMail) -> dict[str, Any]:
    """Return what the template of ``mail`` may say: the order and its offer, nobody's name."""
    order = mail.order
    offer = order.offer
    return {
        "order_ref": order.reference,
        "title": offer.title if offer else UNTITLED,
        "net": str(Money(order.amount_minor - order.tax_minor, order.currency)),
        "tax": str(Money(order.tax_minor, order.currency)),
        "total": str(order.total),
        "amount": _amount(mail, order),
        "paid_by": _paid_by(mail),
        "placed_at": order.placed_at,
        "paid_at": order.paid_at,
        "within_days": offer.delivered_within_days if offer else 0,
        "policy": offer.refund_policy.splitlines() if offer else [],
        "policy_version": offer.refund_policy_version if offer else 0,
        "offer_url": _offer_url(offer),
    }


def _amount(mail: BuyerMail, order: Order) -> str:
    amount_minor = mail.amount_minor
    return "" if amount_minor is None else str(Money(amount_minor, order.currency))


def _paid_by(mail: BuyerMail) -> str:
    """Say how a refund was paid that Stripe could not make; "" in every other mail."""
    if mail.kind != MailKind.REFUND_ELSEWHERE:
        return ""
    ways = RefundPaidElsewhere.objects.filter(reference=mail.dedupe_key).values_list(
        "paid_by", flat=True
    )
    return next((PaidBy(way).label for way in ways), "")


def _offer_url(offer: Offer | None) -> str:
    """Return where the same can be bought again; nothing where it is no longer for sale."""
    if offer is None:
        return ""
    on_sale = Offer.objects.filter(slug=offer.slug, state=OfferState.PUBLISHED, is_public=True)
    if not on_sale.exists():
        return ""
    return f"{settings.BASE_URL}{reverse('offer', args=[offer.slug])}"
