"""All rows of one sale, out of every app, in as few statements as there are kinds of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crm import queries as crm
from crm.enums import ActivityKind
from crm.queries import ActivityLine, DealForSale
from fulfillment import queries as fulfillment
from fulfillment.queries import IntakeFacts
from ledger import queries as ledger
from ledger.queries import EntryRow
from revenue import queries as revenue
from revenue.queries import SaleRows
from toolrouter import queries as toolrouter
from toolrouter.queries import CallRow, PurchaseRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """Everything that is known of one sale, each kind oldest first."""

    trace_refs: Sequence[str]
    deals: Sequence[DealForSale]
    activities: Sequence[ActivityLine]
    rows: SaleRows
    intakes: Sequence[IntakeFacts]
    entries: Sequence[EntryRow]
    calls: Sequence[CallRow]
    purchases: Sequence[PurchaseRow]

    @property
    def is_empty(self) -> bool:
        """Say whether nothing at all is known."""
        rows = self.rows
        things = (rows.checkouts, rows.orders, rows.payment_links, rows.events)
        return not (self.deals or self.intakes or self.entries or any(things))

    @property
    def is_asked(self) -> bool:
        """Say whether a visitor asked on the public form."""
        return self.first_activity(ActivityKind.SNAPSHOT_REQUESTED) is not None

    def first_activity(self, *kinds: str) -> ActivityLine | None:
        """Return the oldest line of the timeline that is of one of ``kinds``."""
        return next((line for line in self.activities if line.kind in kinds), None)


def gather(trace_ref: str) -> Sale:
    """Read one sale. About 15 statements; four more for each further trace that it joined."""
    deals = crm.deals_by_trace(trace_ref)
    orders = revenue.sale_orders(trace_ref=trace_ref, deal_ids=[deal.id for deal in deals])
    known = {deal.id for deal in deals}
    joined = {order.deal.trace_ref for order in orders if order.deal and order.deal.id not in known}
    for other_ref in sorted(joined):
        deals += crm.deals_by_trace(other_ref)
    refs = dict.fromkeys([trace_ref, *sorted(joined), *(order.trace_ref for order in orders)])
    return Sale(
        trace_refs=list(refs),
        deals=deals,
        activities=_activities(deals),
        rows=revenue.sale_rows(trace_refs=list(refs), orders=orders),
        intakes=[intake for ref in refs for intake in fulfillment.intakes_by_trace(ref)],
        entries=[entry for ref in refs for entry in ledger.entries_of_trace(ref)],
        calls=[call for ref in refs for call in toolrouter.calls_of_trace(ref)],
        purchases=[each for ref in refs for each in toolrouter.purchases_of_trace(ref)],
    )


def _activities(deals: Sequence[DealForSale]) -> list[ActivityLine]:
    lines = [line for deal in deals for line in crm.timeline_of_deal(deal.id)]
    return sorted(lines, key=lambda line: line.id)
