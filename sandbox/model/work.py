"""What the script does next: it reads its task and follows the procedure, one call at a time."""

import json
from collections.abc import Sequence
from typing import Final

from sandbox.model.conversation import Conversation, Json, Step, found_in, objects_in, text_in
from sandbox.model.pages import pages_of
from sandbox.model.replies import Reply, called, said
from sandbox.model.sales import next_for_a_lead
from sandbox.model.schemas import filled
from sandbox.model.snapshot import SECTIONS, Writer, mended

STEPS_MAX: Final = 70
LOOKS_MAX: Final = 40  # at what is still under way
READS_MAX: Final = 7
TRIES_MAX: Final = 3  # of one section
WAIT_S_MAX: Final = 1.0
# What is looked for, in this order; the first pages of each are read.
QUERIES: Final = (
    "{company} where customers come from",
    "{company} lost visitors why funnel",
    "{company} reviews",
    "{company} pricing",
)
PER_QUERY: Final = 2
OPEN: Final = frozenset({"in_progress", "executing"})


def next_reply(known: Conversation) -> Reply:
    """The next call, or the words that end the turn."""
    if len(known.steps) >= STEPS_MAX:
        return said("I made as many calls as I make in one turn, and stop here.")
    if "read_task" not in known.tools:
        return said("I have no tool to read a task with, so I did nothing.")
    if known.last("read_task") is None:
        return ask(known, "read_task", {})
    task = known.last("read_task")
    if task is None or not task.result:
        codes = ", ".join(task.answer.get("codes") or []) if task else ""
        return said(f"The task was not given to me ({codes or 'no answer'}), so I did nothing.")
    return _waiting(known) or _working(known)


def ask(known: Conversation, tool: str, arguments: Json, *, after_s: float = 0.0) -> Reply:
    """Call a tool, with the run's code where it takes one."""
    offered = known.tools[tool]
    takes_run = "run" in (offered.schema.get("properties") or {})
    run = {"run": known.run} if takes_run and known.run else {}
    return called(offered.name, {**arguments, **run}, after_s=after_s)


def is_there(known: Conversation, tool: str) -> bool:
    """Whether something can be asked for: by a tool of its own, or as a proposal."""
    return tool in known.tools or _operation(known, tool) != ""


def hand_in(known: Conversation, tool: str, arguments: Json, *, key: str) -> Reply:
    """Ask by the tool of that name, or by a proposal where it has none."""
    if tool in known.tools:
        return ask(known, tool, arguments)
    operation = _operation(known, tool)
    asked = {"operation": operation, "arguments": arguments, "key": key}
    return ask(known, "propose_action", asked)


def _operation(known: Conversation, tool: str) -> str:
    """The operation that a proposal names, of those that the run was told it may propose."""
    if "propose_action" not in known.tools:
        return ""
    return next((name for name in _operations(known) if name.endswith(f".{tool}")), "")


def _waiting(known: Conversation) -> Reply | None:
    """Look again at a search or a page that is still under way."""
    last = known.steps[-1]
    if last.status not in OPEN or last.tool not in ("research_search", "research_fetch"):
        action = last.arguments.get("action") if last.tool == "get_action" else None
        if last.status not in OPEN or not action:
            return None
    looks = len(known.of("get_action"))
    action = last.answer.get("action") or last.arguments.get("action")
    if not action or "get_action" not in known.tools or looks >= LOOKS_MAX:
        return None
    wait_s = min(float(last.answer.get("retry_after_s") or 0.2), WAIT_S_MAX)
    return ask(known, "get_action", {"action": action}, after_s=wait_s)


def _working(known: Conversation) -> Reply:
    if purpose_of(known) == "plan":
        return _planning(known)
    if text_in(known.task, "kind") == "sales":
        return next_for_a_lead(known, ask) or said("The outreach pack is handed in for review.")
    return _researching(known) or _writing(known)


def purpose_of(known: Conversation) -> str:
    """What this turn is for: plan, work or revise."""
    word = text_in(known.task, "purpose", "turn_purpose")
    if word in ("plan", "work", "revise"):
        return word
    state = text_in(known.task, "run_state", "state")
    if state == "planning" or ("submit_plan" in known.tools and state == "waiting_for_brief"):
        return "plan"
    return "work"


# --- Planning -------------------------------------------------------------------------------------


def _planning(known: Conversation) -> Reply:
    if "submit_plan" not in known.tools:
        return said("I have no tool to hand a plan in with, so I did nothing.")
    tried = known.of("submit_plan")
    if tried and tried[-1].status in ("done", "needs_approval"):
        return said("The plan is handed in. A person approves it before any work begins.")
    if len(tried) >= TRIES_MAX:
        codes = ", ".join(tried[-1].answer.get("codes") or [])
        return said(f"The plan was refused ({codes}) and I have no other.")
    if "list_capabilities" in known.tools and known.last("list_capabilities") is None:
        return ask(known, "list_capabilities", {})
    return ask(known, "submit_plan", _plan(known))


def _plan(known: Conversation) -> Json:
    company = company_of(known) or "the company"
    is_sales = text_in(known.task, "kind") == "sales"
    steps = (
        [
            "Read the lead and what the visitor wrote",
            "Write a summary for colleagues as a note",
            "Recommend the next step, and say why",
            "Prepare a payment link for a person to approve",
            "Hand the outreach pack in for review",
        ]
        if is_sales
        else [
            f"Search the web for {company}: customers, prices, reviews",
            "Read up to seven pages and keep them as sources",
            "Write the overview, the channels, the loss and three moves, quoting the sources",
            "Hand the snapshot in for review",
        ]
    )
    words = f"Find out about {company} from public pages, and write what they say with its source."
    schema = known.tools["submit_plan"].schema
    operations = _operations(known)
    hints: Json = {
        **dict.fromkeys(("summary", "approach", "why", "goal", "what", "text"), words),
        **dict.fromkeys(("operations", "tools", "allowed_operations"), operations),
        "steps": _as_items(steps, schema, operations),
    }
    return filled({**schema, "required": _required(schema)}, hints)


def _required(schema: Json) -> list[str]:
    return [name for name in schema.get("required") or [] if name not in ("run", "key")]


def _operations(known: Conversation) -> list[str]:
    listed = known.last("list_capabilities")
    found = found_in(listed.answer, "operations", "capabilities") if listed else None
    entries = found if isinstance(found, list) else []
    names = [
        str(each.get("operation") or each.get("name")) if isinstance(each, dict) else str(each)
        for each in entries
        if not isinstance(each, dict) or each.get("decision", "allow") != "deny"
    ]
    return [name for name in names if name and name != "None"]


def _as_items(steps: Sequence[str], schema: Json, operations: list[str]) -> list[object]:
    """The steps as the schema wants each: words, or an object that has them."""
    items = ((schema.get("properties") or {}).get("steps") or {}).get("items") or {}
    definitions = schema.get("$defs") or {}
    if "$ref" in items:
        items = definitions.get(str(items["$ref"]).rpartition("/")[2]) or {}
    if items.get("type") != "object" and "properties" not in items:
        return list(steps)
    return [
        filled(
            {**items, "$defs": definitions},
            {
                **dict.fromkeys(("what", "title", "step", "text", "says", "why"), step),
                **dict.fromkeys(("operations", "tools"), operations),
            },
        )
        for step in steps
    ]


# --- Research -------------------------------------------------------------------------------------


def company_of(known: Conversation) -> str:
    """The company that the task is about."""
    return text_in(known.task, "company", "company_name")


def _researching(known: Conversation) -> Reply | None:
    if "research_search" not in known.tools or "research_fetch" not in known.tools:
        return None
    searched = known.of("research_search")
    given = len(objects_in(known.task, "sources"))
    if given >= READS_MAX or purpose_of(known) == "revise":
        return None
    if len(searched) < len(QUERIES) and not _refused(searched):
        site = text_in(known.task, "website")
        about = " ".join(each for each in (company_of(known), site) if each)
        query = QUERIES[len(searched)].format(company=about or "company")
        return ask(known, "research_search", {"query": query[:300]})
    read = {str(step.arguments.get("url")) for step in known.of("research_fetch")}
    left = [url for url in _found_urls(known) if url not in read]
    if not left or len(read) + given >= READS_MAX or _refused(known.of("research_fetch")):
        return None
    return ask(known, "research_fetch", {"url": left[0]})


def _refused(steps: Sequence[Step]) -> bool:
    """Whether asking again is of no use."""
    return bool(steps) and steps[-1].status in ("denied", "conflict")


def _found_urls(known: Conversation) -> list[str]:
    """The first addresses of each search, once."""
    urls: dict[str, None] = {}
    for step in known.steps:
        results = step.result.get("results")
        if isinstance(results, list):
            for each in results[:PER_QUERY]:
                urls.setdefault(str(each.get("url") if isinstance(each, dict) else each))
    return list(urls)


# --- Writing --------------------------------------------------------------------------------------


def _writing(known: Conversation) -> Reply:
    if not (is_there(known, "submit_section") and is_there(known, "submit_deliverable")):
        if "list_capabilities" in known.tools and known.last("list_capabilities") is None:
            return ask(known, "list_capabilities", {})
        return said("I have no tools to hand sections in with, so I stop after the research.")
    for name in SECTIONS:
        tried = [step for step in known.of("submit_section") if name in step.arguments.values()]
        if tried and _is_taken(tried[-1]):
            continue
        if len(tried) >= TRIES_MAX:
            return said(f"The section {name} was refused {len(tried)} times. I have no better one.")
        content = _content(known, name, tried)
        arguments = _section_arguments(known, name, content)
        return hand_in(known, "submit_section", arguments, key=f"{name}-{len(tried) + 1}")
    return _handing_in(known)


def _content(known: Conversation, name: str, tried: Sequence[Step]) -> Json:
    if tried:
        before = next((v for v in tried[-1].arguments.values() if isinstance(v, dict)), {})
        problems = objects_in(tried[-1].answer, "problems")
        if before and problems:
            return mended(before, problems)
    answers = [step.result for step in known.steps if step.result.get("text")]
    given = objects_in(known.task, "sources")
    question = text_in(known.task, "question")
    writer = Writer(
        pages_of([*answers, *given]),
        company=company_of(known),
        website=text_in(known.task, "website"),
        question=question,
    )
    return writer.section(name)


def _section_arguments(known: Conversation, name: str, content: Json) -> Json:
    """Name and content under the names that the tool gives them."""
    tool = known.tools.get("submit_section")
    properties = (tool.schema.get("properties") if tool else None) or {}
    by_name = next((each for each in ("section", "name") if each in properties), "section")
    by_content = next(
        (each for each in ("content", "body", "data") if each in properties), "content"
    )
    return {by_name: name, by_content: content}


def _is_taken(step: Step) -> bool:
    return step.status == "done" and step.result.get("accepted") not in ("no", False)


def _handing_in(known: Conversation) -> Reply:
    tried = known.of("submit_deliverable")
    if tried and _is_taken(tried[-1]):
        return said("The snapshot is handed in. A person reviews and releases it.")
    if len(tried) >= TRIES_MAX:
        codes = json.dumps(tried[-1].answer.get("codes") or found_in(tried[-1].answer, "problems"))
        return said(f"The snapshot was not taken ({codes}), and I stop here.")
    tool = known.tools.get("submit_deliverable")
    schema = tool.schema if tool else {}
    words = "Written from the pages that are named as its sources."
    arguments = filled(
        {**schema, "required": _required(schema)},
        dict.fromkeys(("words", "note", "says", "summary"), words),
    )
    return hand_in(known, "submit_deliverable", arguments, key=f"all-{len(tried) + 1}")
