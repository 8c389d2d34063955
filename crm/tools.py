"""What an agent may ask of the relationship: read a lead, write a note, recommend a next step."""

from __future__ import annotations

from typing import Annotated, Any, Final

from crm import operations, queries
from crm.enums import ActivityKind
from toolrouter.ports import (
    Answered,
    Arguments,
    Call,
    Entry,
    NotPossible,
    Operation,
    Repeats,
    Risk,
    Shown,
    Standing,
    reference_to,
)

NOTE_CHARS_MAX, STEP_CHARS_MAX, WHY_CHARS_MAX = 2000, 200, 1500
WISH_CHARS_MAX, NAME_CHARS_MAX = 8000, 400


class OfDeal(Arguments):
    """Which deal."""

    deal: Annotated[str, reference_to("deal")]


class Note(OfDeal):
    """A note on a deal."""

    text: Annotated[str, Shown(chars_max=NOTE_CHARS_MAX, is_one_line=False)]


class NextStep(OfDeal):
    """What to do next with a deal, and why."""

    step: Annotated[str, Shown(chars_max=STEP_CHARS_MAX)]
    why: Annotated[str, Shown(chars_max=WHY_CHARS_MAX, is_one_line=False)]


def read_lead(asked: OfDeal, _call: Call) -> Answered:
    """Return the fields of a deal that agents may know."""
    deal = queries.deal_for_agent(asked.deal)
    if deal is None:
        raise NotPossible(asked.deal)
    told: dict[str, Any] = {
        "deal": deal.reference,
        "contact": deal.contact_ref,
        "contact_has_email": "yes" if deal.has_address else "no",
        "stage": deal.stage,
        "stage_since": deal.stage_since.isoformat(timespec="seconds"),
        "created_at": deal.created_at.isoformat(timespec="seconds"),
        "environment": deal.mode,
        "lead_accepted": "yes" if deal.is_accepted else "no",
        "timeline": [
            {"what": kind, "at": at.isoformat(timespec="seconds")} for kind, at in deal.happened
        ],
    }
    if deal.amount is not None:
        told |= {"amount_minor": deal.amount.amount_minor, "currency": deal.amount.currency}
    if deal.company_ref:
        told["company"] = deal.company_ref
    words = {
        "company_name": deal.company[:NAME_CHARS_MAX],
        "website": deal.website[:NAME_CHARS_MAX],
        "wish": deal.wish[:WISH_CHARS_MAX],
    }
    said = {name: text for name, text in words.items() if text}
    if said:
        told["written_by_the_visitor"] = said
    refs = [deal.reference, deal.contact_ref, *([deal.company_ref] if deal.company_ref else [])]
    return Answered(result=told, refs=refs)


def add_note(asked: Note, call: Call) -> Answered:
    """Write a note of the agent's under a deal."""
    return _write(asked.deal, ActivityKind.AGENT_NOTE, asked.text, call)


def recommend_next_step(asked: NextStep, call: Call) -> Answered:
    """Write under a deal what the agent would do next, and why."""
    return _write(asked.deal, ActivityKind.AGENT_NEXT_STEP, f"{asked.step}\n\n{asked.why}", call)


def _write(deal_ref: str, kind: ActivityKind, words: str, call: Call) -> Answered:
    standing = queries.deal_standing(deal_ref)
    if standing is None:
        raise NotPossible(deal_ref)
    operations.note_by_agent(
        deal_id=standing.id,
        kind=kind,
        words=words,
        run_ref=call.run_ref,
        call_ref=call.reference,
        now=call.now,
    )
    return Answered(result={"deal": deal_ref}, refs=[deal_ref])


def _deal(asked: OfDeal) -> str:
    return asked.deal


def _standing(project_ref: str, deal_ref: str) -> Standing:
    return _as_standing(project_ref, queries.deal_standing(deal_ref))


def _standing_held(project_ref: str, deal_ref: str) -> Standing:
    return _as_standing(project_ref, queries.deal_standing(deal_ref, hold=True))


def _as_standing(project_ref: str, deal: queries.DealStanding | None) -> Standing:
    if deal is None or deal.project_ref != project_ref:
        return Standing.ELSEWHERE
    return Standing.GONE if deal.is_erased else Standing.BELONGS


OPERATIONS: Final[tuple[Entry, ...]] = (
    Operation(
        name="crm.read_lead",
        title="Read a deal",
        tool="read_lead",
        risk=Risk.READ,
        says="Read a deal: where it stands, what happened, and what the visitor wished for.",
        arguments=OfDeal,
        execute=read_lead,
        subject=_deal,
        standing=_standing,
    ),
    Operation(
        name="crm.add_note",
        title="Write a note",
        risk=Risk.INTERNAL_WRITE,
        says="Write a note on a deal's timeline. Colleagues read it as yours.",
        arguments=Note,
        execute=add_note,
        subject=_deal,
        standing=_standing_held,
        repeats=Repeats.SAME_WORDS_ONCE,
    ),
    Operation(
        name="crm.recommend_next_step",
        title="Recommend a next step",
        risk=Risk.INTERNAL_WRITE,
        says="Recommend what a colleague should do next with a deal, and say why.",
        arguments=NextStep,
        execute=recommend_next_step,
        subject=_deal,
        standing=_standing_held,
        repeats=Repeats.SAME_WORDS_ONCE,
    ),
)
