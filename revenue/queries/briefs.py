"""What a buyer is asked about their order, and what is known of it already."""

from __future__ import annotations

from dataclasses import dataclass

from crm import queries as crm
from fulfillment.queries import IntakeFacts
from fulfillment.queries.briefs import may_answer, newest_brief
from revenue.models import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedBrief:
    """The question that stands open on an order page, filled in as far as it is answered."""

    run_ref: str
    is_given: bool
    initial: dict[str, str]


def brief_of_order(order: Order, intake: IntakeFacts | None) -> AskedBrief | None:
    """Return what the buyer is asked; None where nobody reads an answer: too early or too late."""
    if intake is None or intake.run is None or not may_answer(intake.run.id):
        return None
    known = newest_brief(intake.run.id)
    if known is not None:
        told = {"company": known.company, "website": known.website, "question": known.question}
        return AskedBrief(run_ref=intake.run.reference, is_given=True, initial=told)
    return AskedBrief(run_ref=intake.run.reference, is_given=False, initial=_of_deal(order))


def _of_deal(order: Order) -> dict[str, str]:
    """Return what an accepted lead said of it."""
    deal = crm.deal_for_agent(crm.deal_ref_of(order.deal_id)) if order.deal_id else None
    if deal is None:
        return {}
    return {"company": deal.company, "website": deal.website, "question": deal.wish}
