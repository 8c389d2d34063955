"""What the script does for a lead: it reads it, writes a summary, and says what to do next."""

from collections.abc import Callable, Iterator
from typing import Final

from sandbox.model.conversation import Conversation, Json, Step, text_in
from sandbox.model.replies import Reply
from sandbox.model.schemas import filled

DONE_WITH: Final = frozenset({"done", "needs_approval", "denied", "in_progress", "conflict"})
Ask = Callable[[Conversation, str, Json], Reply]


def next_for_a_lead(known: Conversation, ask: Ask) -> Reply | None:
    """The next call, or nothing when all is done that can be."""
    deal = text_in(known.task, "deal", "deal_ref")
    if "list_capabilities" in known.tools and known.last("list_capabilities") is None:
        return ask(known, "list_capabilities", {})
    if deal and "read_lead" in known.tools and known.last("read_lead") is None:
        return ask(known, "read_lead", {"deal": deal})
    for operation, arguments in _proposals(known, deal):
        if not _was_proposed(known, operation):
            key = f"sales-{operation}"
            asked = {"operation": operation, "arguments": arguments, "key": key}
            return ask(known, "propose_action", asked)
    if "submit_deliverable" in known.tools and known.last("submit_deliverable") is None:
        schema = known.tools["submit_deliverable"].schema
        return ask(known, "submit_deliverable", filled(schema, {"words": summary(known)}))
    return None


def summary(known: Conversation) -> str:
    """The lead in a few sentences, from what is known of it and nothing else."""
    lead = known.last("read_lead")
    told = lead.result if lead else {}
    wrote = told.get("written_by_the_visitor") or {}
    company = str(wrote.get("company_name") or text_in(known.task, "company") or "The company")
    wish = " ".join(str(wrote.get("wish") or "").split())
    lines = [
        f"{company} is at stage “{told.get('stage', 'lead')}”.",
        f"What they ask for: {wish[:600]}" if wish else "They did not say what they wish for.",
        f"Their site: {wrote['website']}." if wrote.get("website") else "They named no site.",
    ]
    return "\n".join(lines)


def _proposals(known: Conversation, deal: str) -> Iterator[tuple[str, Json]]:
    """What is proposed about the deal, of what may be."""
    if not deal or "propose_action" not in known.tools:
        return
    offered = _offered(known)
    step, why = _next_step(known)
    arguments: dict[str, Json] = {
        "crm.add_note": {"text": summary(known)},
        "crm.recommend_next_step": {"step": step, "why": why},
        "crm.draft_outreach": {"subject": "Your acquisition snapshot", "text": _letter(known)},
        "revenue.prepare_payment_link": {},
    }
    for operation, more in arguments.items():
        if operation in offered:
            yield operation, {"deal": deal, **more}


def _offered(known: Conversation) -> set[str]:
    listed = known.last("list_capabilities")
    text = str(listed.answer) if listed else ""
    names = (
        "crm.add_note",
        "crm.recommend_next_step",
        "crm.draft_outreach",
        "revenue.prepare_payment_link",
    )
    return {name for name in names if f"'{name}'" in text}


def _next_step(known: Conversation) -> tuple[str, str]:
    lead = known.last("read_lead")
    told = lead.result if lead else {}
    if told.get("contact_has_email") == "no":
        return "Find out how to reach them", "There is no e-mail address, so no offer can be sent."
    return (
        "Send the payment link for the snapshot",
        "They asked for it themselves, and the price is known. Nothing else is open.",
    )


def _letter(known: Conversation) -> str:
    lead = known.last("read_lead")
    wrote = (lead.result if lead else {}).get("written_by_the_visitor") or {}
    company = str(wrote.get("company_name") or "your company")
    return (
        f"Hello,\n\nyou asked for an acquisition snapshot of {company}. It says where your"
        " customers seem to come from, at which step most are lost, and which three moves to make"
        " first, each with its sources.\n\nThe payment link is below. A person here reads every"
        " snapshot before you do."
    )


def _was_proposed(known: Conversation, operation: str) -> bool:
    steps: list[Step] = known.of("propose_action")
    return any(
        step.arguments.get("operation") == operation and step.status in DONE_WITH for step in steps
    )
