"""A buyer says which company and question their order is about; a lead has said it before."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from django.db import transaction

from crm import queries as crm
from fulfillment import operations as fulfillment
from fulfillment.enums import BriefFrom
from fulfillment.operations import BriefWords
from fulfillment.queries.briefs import waiting_runs_of_deals
from kernel.texts import lines, one_line

logger = logging.getLogger(__name__)
RUNS_AT_ONCE: Final = 100
COMPANY_CHARS, WEBSITE_CHARS, QUESTION_CHARS = 200, 300, 2000


@transaction.atomic(durable=True)
def answer_brief(
    run_ref: str, *, words: BriefWords, now: datetime, by_id: int | None = None
) -> str:
    """Keep a buyer's answer, or a colleague's (``by_id``) for them.

    Raises BriefTooLate once planning has begun.
    """
    given_as = BriefFrom.BUYER if by_id is None else BriefFrom.COLLEAGUE
    return fulfillment.give_brief(run_ref, words=words, given_as=given_as, by_id=by_id, now=now)


def fill_briefs(*, now: datetime) -> int:
    """Let the words of accepted leads be the briefs of their orders; say how many there were.

    One that fails does not hold up the others.
    """
    filled = last_id = 0
    while waiting := waiting_runs_of_deals(after_id=last_id, limit=RUNS_AT_ONCE):
        for run in waiting:
            last_id = run.id
            try:
                filled += _fill(run.run_ref, run.deal_id, now=now)
            except Exception:
                logger.exception("brief not filled", extra={"run": run.run_ref})
    return filled


def _fill(run_ref: str, deal_id: int, *, now: datetime) -> bool:
    with transaction.atomic(durable=True):
        words = words_of_lead(deal_id)
        if words is None:
            return False
        try:
            fulfillment.give_brief(run_ref, words=words, given_as=BriefFrom.LEAD, now=now)
        except fulfillment.BriefTooLate:
            return False  # the buyer, or a colleague, was faster
    return True


def words_of_lead(deal_id: int) -> BriefWords | None:
    """Return what an accepted lead asked for; None where it names no company or question."""
    deal = crm.deal_for_agent(crm.deal_ref_of(deal_id))
    if deal is None or not deal.company or not deal.wish:
        return None
    return BriefWords(
        company=one_line(deal.company)[:COMPANY_CHARS],
        website=one_line(deal.website)[:WEBSITE_CHARS],
        question=lines(deal.wish)[:QUESTION_CHARS],
    )
