"""One sale, every stage in order: computed once, shown as a page, as JSON and as plain text."""

from __future__ import annotations

from console.queries.trace.aftermath import later_stages, plan_stage, work_stage
from console.queries.trace.before_payment import assignment_stage, request_stage, review_stage
from console.queries.trace.finding import KINDS, trace_of, traces_of
from console.queries.trace.gathering import Sale, gather
from console.queries.trace.naming import title_of
from console.queries.trace.payment import payment_stage
from console.queries.trace.shapes import Entry, Trace

__all__ = ["KINDS", "Trace", "build_trace", "trace_of", "traces_of"]


def build_trace(trace_ref: str) -> Trace | None:
    """Return the whole sale of ``trace_ref``; None when nothing at all is known of it.

    ``trace_of`` turns any other reference of a sale into its trace. At most 17 statements for
    both together in the usual sale.
    """
    sale = gather(trace_ref)
    if sale.is_empty:
        return None
    stages = [
        request_stage(sale),
        review_stage(sale),
        assignment_stage(sale),
        payment_stage(sale),
        plan_stage(sale),
        work_stage(sale),
        *later_stages(),
    ]
    return Trace(
        reference=trace_ref,
        title=title_of(sale),
        modes=_modes(sale),
        stages=stages,
        entries=[
            Entry(
                reference=entry.reference,
                event=entry.event,
                words=entry.words,
                subject=entry.subject,
                at=entry.recorded_at,
                legs=entry.legs,
                position=entry.position,
            )
            for entry in sale.entries
        ],
    )


def _modes(sale: Sale) -> list[str]:
    """Return every mode that a record of the sale has; there should be one."""
    rows = sale.rows
    kinds = (
        sale.deals,
        sale.activities,
        sale.intakes,
        sale.entries,
        sale.calls,
        sale.purchases,
        rows.checkouts,
        rows.payment_links,
        rows.orders,
        rows.revenue_events,
        rows.events,
        rows.after,
    )
    return sorted({row.mode for kind in kinds for row in kind})
