"""What a letter says of an order, at the moment it is written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db.models import Q
from django.urls import NoReverseMatch, reverse

from kernel import due_work
from kernel.money import Money
from notices.outbox.letters import write_line
from revenue.enums import AlertKind, MailKind, OfferState, OrderState, PaidBy
from revenue.models import (
    BuyerMail,
    Offer,
    OperatorAlert,
    Order,
    ReconcileRun,
    Refund,
    RefundPaidElsewhere,
)
from revenue.policy import REFUNDS_UNDONE

UNTITLED: Final = "Payment"
DASHBOARD: Final = "/console/"

# Which page a person opens about an alert; its address may carry the alert's subject.
PAGE_OF_ALERT: Final[Mapping[str, str]] = {
    AlertKind.ORDER_REVIEW: "order-detail",
    AlertKind.EVENT_DEAD: "event",
    AlertKind.EVENT_DIFFERS: "event",
    AlertKind.DOUBLE_PAYMENT: "order-detail",
    AlertKind.DISPUTE_OPENED: "order-detail",
    AlertKind.REFUND_FAILED: "order-detail",
    AlertKind.REFUND_EXCESS: "order-detail",
    AlertKind.MAIL_UNSENT: "outbox-mail",
    AlertKind.CHECKOUT_REFUSED: "offer-edit",
    AlertKind.LINKS_UNPAYABLE: "offer-edit",
}


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


def alert_facts(alert: OperatorAlert) -> dict[str, Any]:
    """Return what a mail may say of ``alert``: references, amounts and times only."""
    facts = alert.facts
    has_amount = {"amount_minor", "currency"} <= set(facts)
    due = facts.get("evidence_due_at")
    return {
        "facts": facts,
        "subject": alert.about,
        "mode": alert.mode,
        "raised_at": alert.raised_at,
        "amount": str(Money(facts["amount_minor"], facts["currency"])) if has_amount else "",
        "evidence_due_at": datetime.fromisoformat(due) if due else None,
        "what": facts.get("what", ""),
        "oldest_min": int(facts.get("oldest_s", 0)) // 60,
        "address": settings.BASE_URL + page_of_alert(alert),
    }


def alert_line(*, kind: str, facts: Mapping[str, Any]) -> dict[str, str]:
    """Return an alert in a few words: its title, and what it means and asks for."""
    return write_line(template=f"revenue/mail/alerts/{kind}", facts=facts)


def page_of_alert(alert: OperatorAlert) -> str:
    """Return the page about the alert; the dashboard where none fits, for the mail must leave."""
    if alert.kind == AlertKind.SWEEP_LAG:
        return _list_of(alert.subject)
    if alert.kind == AlertKind.DELIVERIES_REFUSED:
        return DASHBOARD
    if alert.kind == AlertKind.RECONCILE_DIFFERENCE:
        return _comparison_that_names(alert.facts.get("object"), mode=alert.mode)
    try:
        return reverse(PAGE_OF_ALERT.get(alert.kind, ""), args=[alert.subject])
    except NoReverseMatch:
        return DASHBOARD


def _list_of(work: str) -> str:
    """Return the list of what lags; the dashboard says it of work that has no list."""
    kind = due_work.known().get(work)
    if kind is None or kind.listed_at is None:
        return DASHBOARD
    name, query = kind.listed_at
    return reverse(name) + query


def _comparison_that_names(object_id: str | None, *, mode: str) -> str:
    """Return the page of the newest comparison that found this difference, else of all."""
    named = Q(differences__contains=[{"object_id": object_id}])
    named |= Q(ledger_findings__contains=[{"what": object_id}])
    runs = ReconcileRun.objects.filter(named, mode=mode)
    newest = runs.order_by("-pk").values_list("pk", flat=True).first()
    return reverse("reconcile-run", args=[newest]) if newest else reverse("reconcile-list")
