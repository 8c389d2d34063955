"""Disputes and inquiries for people: the list by what is to be done, and one with its money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from kernel.money import Money
from kernel.paging import Cursor, Page, page_of
from revenue.enums import DisputeFilter, RevenueKind
from revenue.models import Dispute, OrderNote, RevenueEvent
from revenue.policy import DISPUTES_ANSWERED, DISPUTES_CLOSED, DISPUTES_NOT_WAITING

ROWS_PER_PAGE: Final = 50
NOTES_MAX: Final = 50

_CONDITIONS: Final = {
    DisputeFilter.TO_ANSWER: ~Q(status__in=sorted(DISPUTES_NOT_WAITING)),
    DisputeFilter.ANSWERED: Q(status__in=sorted(DISPUTES_ANSWERED)),
    DisputeFilter.CLOSED: Q(status__in=sorted(DISPUTES_CLOSED)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeFile:
    """One dispute and the money that moved because of it."""

    dispute: Dispute
    movements: Sequence[RevenueEvent]  # newest first
    notes: Sequence[OrderNote]  # newest first

    @property
    def withdrawn(self) -> Money | None:
        """What the bank holds of it now; None where nothing moved."""
        moved = [fact for fact in self.movements if fact.kind != RevenueKind.FEE]
        if not moved:
            return None
        return -Money.total((fact.amount for fact in moved), currency=moved[0].currency)


def disputes_page(*, cursor: Cursor, which: str = "", mode: str = "") -> Page[Dispute]:
    """Return one page of disputes and inquiries, newest first; "" means any. One statement."""
    disputes = Dispute.objects.select_related("order")
    if which:
        disputes = disputes.filter(_CONDITIONS[DisputeFilter(which)])
    if mode:
        disputes = disputes.filter(mode=mode)
    return page_of(disputes, cursor=cursor, limit=ROWS_PER_PAGE)


def is_dispute(stripe_id: str) -> bool:
    """Say whether Stripe's id is that of a dispute."""
    return Dispute.objects.filter(stripe_id=stripe_id).exists()


def dispute_file(stripe_id: str) -> DisputeFile | None:
    """Return one dispute with its movements, or None. Three statements."""
    disputes = Dispute.objects.select_related("order__offer", "order__contact")
    dispute = disputes.filter(stripe_id=stripe_id).first()
    if dispute is None:
        return None
    moved = RevenueEvent.objects.filter(
        stripe_object_id=stripe_id,
        kind__in=[RevenueKind.DISPUTE, RevenueKind.DISPUTE_REVERSAL],
    )
    notes = OrderNote.objects.filter(order=dispute.order_id, about=stripe_id)
    return DisputeFile(
        dispute=dispute,
        movements=list(moved.order_by("-pk")),
        notes=list(notes.select_related("written_by").order_by("-pk")[:NOTES_MAX]),
    )
