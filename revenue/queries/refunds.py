"""Refunds for people: the list by what is to be done, one of them, and those not at Stripe yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from kernel.paging import Cursor, Page, page_of
from revenue.enums import OrderState, RefundFilter, RefundState
from revenue.models import OrderNote, Refund, RefundPaidElsewhere, RefundRequest
from revenue.policy import REFUNDS_UNDONE
from revenue.queries.refundable import UNDER_WAY_AT_STRIPE, on_its_way

ROWS_PER_PAGE: Final = 50
RELATED_ROWS_MAX: Final = 50

_CONDITIONS: Final = {
    RefundFilter.OWED: Q(
        status__in=sorted(REFUNDS_UNDONE),
        undone_at__isnull=False,
        order__state=OrderState.REFUND_OWED,
    ),
    RefundFilter.EXCESS: Q(status="succeeded", order__excess_minor__gt=0),
    RefundFilter.UNDER_WAY: Q(status__in=UNDER_WAY_AT_STRIPE),
    RefundFilter.RETURNED: Q(status="succeeded"),
    RefundFilter.UNDONE: Q(status__in=sorted(REFUNDS_UNDONE)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFile:
    """One refund at Stripe and all that is known around it."""

    refund: Refund
    request: RefundRequest | None  # ours, where an owner asked for it here
    paid_elsewhere: Sequence[RefundPaidElsewhere]
    notes: Sequence[OrderNote]
    is_on_its_way: bool

    @property
    def is_owed(self) -> bool:
        """Say whether it failed and the order still owes its buyer money."""
        refund = self.refund
        return refund.undone_at is not None and refund.order.state == OrderState.REFUND_OWED


def refunds_page(*, cursor: Cursor, which: str = "", mode: str = "") -> Page[Refund]:
    """Return one page of Stripe's refunds, newest first; "" means any. One statement."""
    refunds = Refund.objects.select_related("order")
    if which:
        refunds = refunds.filter(_CONDITIONS[RefundFilter(which)])
    if mode:
        refunds = refunds.filter(mode=mode)
    return page_of(refunds, cursor=cursor, limit=ROWS_PER_PAGE)


def requests_without_refund() -> list[RefundRequest]:
    """Return the newest refunds that were asked for and that Stripe has not made. One statement."""
    states = [RefundState.UNKNOWN, RefundState.REFUSED]
    asked = RefundRequest.objects.select_related("order").filter(
        state__in=states, stripe_id__isnull=True
    )
    return list(asked.order_by("-pk")[:RELATED_ROWS_MAX])


def is_refund(stripe_id: str) -> bool:
    """Say whether Stripe's id is that of a refund."""
    return Refund.objects.filter(stripe_id=stripe_id).exists()


def refund_file(stripe_id: str) -> RefundFile | None:
    """Return one refund with all around it, or None. At most seven statements."""
    refunds = Refund.objects.select_related("order__offer", "order__contact")
    refund = refunds.filter(stripe_id=stripe_id).first()
    if refund is None:
        return None
    asked = RefundRequest.objects.select_related("requested_by").filter(stripe_id=stripe_id)
    paid = RefundPaidElsewhere.objects.filter(order=refund.order_id).select_related("recorded_by")
    notes = OrderNote.objects.filter(order=refund.order_id, about=stripe_id)
    return RefundFile(
        refund=refund,
        request=asked.first(),
        paid_elsewhere=list(paid.order_by("-pk")[:RELATED_ROWS_MAX]),
        notes=list(notes.select_related("written_by").order_by("-pk")[:RELATED_ROWS_MAX]),
        is_on_its_way=bool(on_its_way(refund.order)),
    )
