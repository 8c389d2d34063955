"""What the sale alerts operators of: which page is about it, who hears of it, what may go away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from notices.kinds import Kind, Matter, Severity
from revenue.enums import AlertKind, OrderState
from revenue.models import Dispute, Order, ReconcileRun
from revenue.policy import DISPUTES_NOT_WAITING

TOLD_TO: Final = "revenue.review_order"


@dataclass(frozen=True, kw_only=True)
class DisputeKind(Kind):
    """A dispute waits on its own list until Stripe says that it was answered or closed."""

    def said_of(self, matter: Matter) -> Mapping[str, Any]:
        """Return until when Stripe takes evidence; None where it named no deadline."""
        due = matter.facts.get("evidence_due_at")
        return {"evidence_due_at": datetime.fromisoformat(due) if due else None}

    def why_kept(self, matter: Matter) -> str:
        """Keep it while Stripe waits."""
        disputes = Dispute.objects.filter(stripe_id=matter.item)
        if not disputes.exclude(status__in=DISPUTES_NOT_WAITING).exists():
            return ""
        return (
            "Stripe waits for an answer to this dispute. It goes away by itself when Stripe says "
            "that it was answered or closed."
        )

    def waits_elsewhere(self) -> Q:
        """Leave out those that stand among the disputes to answer."""
        disputes = Dispute.objects.filter(stripe_id=OuterRef("item"))
        return Q(Exists(disputes.exclude(status__in=DISPUTES_NOT_WAITING)))


@dataclass(frozen=True, kw_only=True)
class FailedRefundKind(Kind):
    """A refund that failed is owed until the buyer has it, and waits on the list of those."""

    def why_kept(self, matter: Matter) -> str:
        """Keep it while the order owes."""
        owing = Order.objects.filter(reference=matter.subject, state=OrderState.REFUND_OWED)
        if not owing.exists():
            return ""
        return "The buyer is owed this refund. It goes away by itself when the buyer has got it."

    def waits_elsewhere(self) -> Q:
        """Leave out those that stand among the refunds owed."""
        owing = Order.objects.filter(reference=OuterRef("subject"), state=OrderState.REFUND_OWED)
        return Q(Exists(owing))


@dataclass(frozen=True, kw_only=True)
class DifferenceKind(Kind):
    """A difference is shown by the newest comparison that found it."""

    def address_of(self, matter: Matter) -> str:
        """Return the page of that comparison, else of all."""
        found = matter.facts.get("object")
        named = Q(differences__contains=[{"object_id": found}])
        named |= Q(ledger_findings__contains=[{"what": found}])
        runs = ReconcileRun.objects.filter(named, mode=matter.mode)
        newest = runs.order_by("-pk").values_list("pk", flat=True).first()
        return reverse("reconcile-run", args=[newest]) if newest else reverse("reconcile-list")


@dataclass(frozen=True, kw_only=True)
class RefusedCheckoutKind(Kind):
    """Stripe says why."""

    def details_of(self, matter: Matter) -> Sequence[tuple[str, str]]:
        """Return Stripe's word for it."""
        reason = str(matter.facts.get("what", ""))
        return [("Reason given", reason)] if reason else []


@dataclass(frozen=True, kw_only=True)
class UnpayableLinksKind(Kind):
    """So many links ask for a price that is gone."""

    def details_of(self, matter: Matter) -> Sequence[tuple[str, str]]:
        """Return how many."""
        return [("Payment links", str(matter.facts.get("links", "")))]


def _kind(kind: AlertKind, of: type[Kind] = Kind, **said: Any) -> Kind:
    line = f"revenue/mail/alerts/{kind}"
    return of(name=str(kind), words=str(kind.label), line=line, told_to=TOLD_TO, **said)


KINDS: Final = (
    _kind(AlertKind.ORDER_REVIEW, page="order-detail", has_own_list=True, severity=Severity.HIGH),
    _kind(AlertKind.EVENT_DEAD, page="event", has_own_list=True, severity=Severity.HIGH),
    _kind(AlertKind.EVENT_DIFFERS, page="event", severity=Severity.HIGH),
    _kind(AlertKind.DOUBLE_PAYMENT, page="order-detail", has_own_list=True),
    _kind(AlertKind.DISPUTE_OPENED, DisputeKind, page="order-detail", severity=Severity.HIGH),
    _kind(AlertKind.REFUND_FAILED, FailedRefundKind, page="order-detail", severity=Severity.HIGH),
    _kind(AlertKind.REFUND_EXCESS, page="order-detail", has_own_list=True, severity=Severity.HIGH),
    _kind(AlertKind.RECONCILE_DIFFERENCE, DifferenceKind, severity=Severity.HIGH),
    _kind(AlertKind.DELIVERY_WRONG, page="deliverable", severity=Severity.HIGH),
    _kind(AlertKind.MAIL_UNSENT, page="outbox-mail", has_own_list=True),
    _kind(AlertKind.CHECKOUT_REFUSED, RefusedCheckoutKind, page="offer-edit"),
    _kind(AlertKind.LINKS_UNPAYABLE, UnpayableLinksKind, page="offer-edit"),
    _kind(AlertKind.DELIVERIES_REFUSED),
)
