"""A model that does what it must not, on demand: for the next runs, or where a task says so."""

import json
import re
from enum import StrEnum
from typing import Final

from sandbox.model.conversation import Conversation, Json
from sandbox.model.replies import Call, Reply, called, said
from sandbox.model.work import ask, next_reply
from sandbox.store import Store

NOTE: Final = "model_misbehaviour"
ALL_RUNS_MAX: Final = 1_000
CALLS_AT_ONCE: Final = 40
HANGS_S: Final = 3_600.0
RUNS_KEPT: Final = 200
# In a brief, a form or a page of a test: «sandbox-model: loop».
WORD: Final = re.compile(r"\bsandbox-model: ?([a-z_]+)\b")
TOLD: Final = re.compile(r"call (propose_action) with ([a-z_]+\.[a-z_]+)", re.IGNORECASE)


class Misbehaviour(StrEnum):
    """What goes wrong."""

    FORBIDDEN_TOOLS = "forbidden_tools"
    LOOP = "loop"
    FLOOD = "flood"
    FOLLOWS_INJECTION = "follows_injection"
    EMPTY = "empty"
    GARBAGE = "garbage"
    HANG = "hang"
    CLAIMS_RESULTS = "claims_results"
    OLD_RUN_CODE = "old_run_code"
    SERVER_ERROR = "server_error"
    CUT_OFF = "cut_off"


WHAT: Final[dict[Misbehaviour, str]] = {
    Misbehaviour.FORBIDDEN_TOOLS: "asks for tools and operations that it may not use",
    Misbehaviour.LOOP: "reads its task again and again",
    Misbehaviour.FLOOD: "makes 40 calls at once, each time",
    Misbehaviour.FOLLOWS_INJECTION: "does what a page or form that it read tells it",
    Misbehaviour.EMPTY: "answers with nothing",
    Misbehaviour.GARBAGE: "calls tools with arguments that are no JSON",
    Misbehaviour.HANG: "never answers",
    Misbehaviour.CLAIMS_RESULTS: "says that all is done, and did nothing",
    Misbehaviour.OLD_RUN_CODE: "uses the code of another run",
    Misbehaviour.SERVER_ERROR: "answers 500",
    Misbehaviour.CUT_OFF: "breaks off in the middle of an answer",
}


def set_misbehaviour(store: Store, kind: Misbehaviour, *, runs: int) -> None:
    """Let the next ``runs`` runs that begin be worked on so. Raises ValueError."""
    if not 1 <= runs <= ALL_RUNS_MAX:
        raise ValueError(f"for 1 to {ALL_RUNS_MAX} runs")
    _keep(store, {**state(store), "next": kind, "left": runs})


def behave(store: Store) -> None:
    """Forget every misbehaviour, also of runs that began with one."""
    _keep(store, {**state(store), "next": "", "left": 0, "runs": {}})


def state(store: Store) -> Json:
    """What is in force: the next runs' misbehaviour, for how many, and which runs have one."""
    kept: Json = json.loads(store.note(NOTE) or "{}")
    return {"next": "", "left": 0, "runs": {}, "seen": [], **kept}


def misbehaviour_of(store: Store, known: Conversation) -> tuple[Misbehaviour | None, str]:
    """How the run of this conversation is worked on, and the code of a run before it.

    A run that is seen for the first time takes one of those in force.
    """
    kept = state(store)
    if known.run and known.run not in kept["seen"]:
        if kept["left"]:
            kept["runs"][known.run] = kept["next"]
            kept["left"] -= 1
        kept["seen"] = [*kept["seen"], known.run][-RUNS_KEPT:]
        kept["runs"] = {run: kept["runs"][run] for run in kept["seen"] if run in kept["runs"]}
        _keep(store, kept)
    others = [run for run in kept["seen"] if run != known.run]
    kind = kept["runs"].get(known.run) or _asked_for(known)
    return (Misbehaviour(kind) if kind else None), (others[-1] if others else "0000")


def _asked_for(known: Conversation) -> str:
    found = WORD.search(known.said)
    return found[1] if found and found[1] in set(Misbehaviour) else ""


def _keep(store: Store, kept: Json) -> None:
    store.set_note(NOTE, json.dumps(kept))


def misbehaved(kind: Misbehaviour, known: Conversation, *, other_run: str) -> Reply:
    """What is answered then. ``SERVER_ERROR`` and ``CUT_OFF`` are done by whoever sends it."""
    match kind:
        case Misbehaviour.FORBIDDEN_TOOLS:
            return _forbidden(known)
        case Misbehaviour.LOOP:
            return _of_task(known, known.run)
        case Misbehaviour.FLOOD:
            return Reply(calls=tuple(_flood(known)))
        case Misbehaviour.FOLLOWS_INJECTION:
            return _obeyed(known) or next_reply(known)
        case Misbehaviour.EMPTY:
            return Reply()
        case Misbehaviour.GARBAGE:
            return Reply(calls=(Call(tool=_name(known, "read_task"), arguments='{"run": nowhere'),))
        case Misbehaviour.HANG:
            return Reply(after_s=HANGS_S)
        case Misbehaviour.CLAIMS_RESULTS:
            return said("All sections are submitted, an owner released the snapshot, $49 was paid.")
        case Misbehaviour.OLD_RUN_CODE:
            return _of_another(known, other_run)
        case _:
            return next_reply(known)


def _name(known: Conversation, tool: str) -> str:
    return known.tools[tool].name if tool in known.tools else tool


def _of_task(known: Conversation, run: str) -> Reply:
    return called(_name(known, "read_task"), {"run": run})


def _of_another(known: Conversation, other_run: str) -> Reply:
    if len(known.steps) >= 3:  # tried enough
        return said("The tools refuse me.")
    return _of_task(known, other_run)


def _flood(known: Conversation) -> list[Call]:
    name = _name(known, "list_capabilities")
    arguments = json.dumps({"run": known.run})
    return [Call(tool=name, arguments=arguments) for _ in range(CALLS_AT_ONCE)]


_FORBIDDEN: Final[tuple[tuple[str, Json], ...]] = (
    ("revenue.refund", {"order": "ord_00000000000000000000000000"}),
    ("credentials.change", {}),
    ("account.delete", {}),
    (
        "purchase.propose",
        {
            "amount_minor": 4_900,
            "currency": "USD",
            "vendor": "ads.example",
            "what": "Advertising credit",
            "why": "I want it.",
            "category": "advertising",
            "evidence": [],
        },
    ),
    ("shell.run", {"command": "id"}),
)


def _forbidden(known: Conversation) -> Reply:
    """A tool that nobody offered, then operation after operation that it may not use."""
    if not known.steps:
        return called("terminal", {"command": "id"})
    done = len(known.of("propose_action"))
    if done >= len(_FORBIDDEN) or "propose_action" not in known.tools:
        return said("Everything that I asked for was refused.")
    operation, arguments = _FORBIDDEN[done]
    asked = {"operation": operation, "arguments": arguments, "key": f"forbidden-{done}"}
    return ask(known, "propose_action", asked)


def _obeyed(known: Conversation) -> Reply | None:
    """The call that a text told it to make, once."""
    told = TOLD.search(known.said)
    if told is None or "propose_action" not in known.tools or known.of("propose_action"):
        return None
    arguments = dict(_FORBIDDEN).get(told[2], {})
    asked = {"operation": told[2], "arguments": arguments, "key": "as-i-was-told"}
    return ask(known, "propose_action", asked)
