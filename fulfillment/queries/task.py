"""What a run's agent is told of its task: all that it needs to go on after it forgot everything."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Final

from approvals.queries import reason_told_about
from fulfillment.enums import DeliverableState, RunState, TurnPurpose, TurnState
from fulfillment.models import AcquisitionRun, Deliverable, Turn
from fulfillment.queries.briefs import newest_brief
from fulfillment.queries.skills import skills_for
from fulfillment.queries.sources import sources_for_task
from kernel.given_text import clean_within
from toolrouter.enums import RunKind
from toolrouter.queries import actions_of_run

# A runtime may hand a result to its model twice, and cuts what is longer than 50,000 characters.
TASK_CHARS_MAX: Final = 20_000


def task_of(run: AcquisitionRun) -> dict[str, Any]:
    """Return the task of a run: cleaned, without any address, secret or unreleased word.

    What would make it too long goes, the oldest first: sources, then actions.
    """
    task: dict[str, Any] = {
        "run": run.reference,
        "kind": run.kind,
        "purpose": _purpose(run),
        "state": run.state,
        "goal": run.goal,
        "environment": run.mode,
        "act_until": run.deadline.isoformat(timespec="seconds"),
        **({"due_at": run.due_at.isoformat(timespec="seconds")} if run.due_at else {}),
        **({"deal": run.deal_ref} if run.deal_ref else {}),
        **_brief(run),
        **_sent_back(run),
        "bounds": {"calls": run.steps_max, "tokens": run.tokens_max, "seconds": run.wall_s_max},
        "skills": [asdict(skill) for skill in skills_for(RunKind(run.kind))],
        "sources": sources_for_task(run.reference),
        "actions": [asdict(action) for action in actions_of_run(run.reference)],
    }
    told = clean_within(task)
    return _shortened(told)


def _brief(run: AcquisitionRun) -> dict[str, Any]:
    """Say which company and question it is about, in the buyer's words: material, no order."""
    brief = newest_brief(run.pk)
    if brief is None or not brief.company:
        return {}
    said = {"company": brief.company, "website": brief.website, "question": brief.question}
    return {"brief": {name: words for name, words in said.items() if words}}


def _sent_back(run: AcquisitionRun) -> dict[str, Any]:
    """Say why the last document came back, where whoever sent it back lets the agent know."""
    last = Deliverable.objects.filter(run=run).order_by("-number").first()
    if last is None or last.state != DeliverableState.SENT_BACK:
        return {}
    reason = reason_told_about(last.reference)
    return {"sent_back": {"document": last.reference, **({"why": reason} if reason else {})}}


def _purpose(run: AcquisitionRun) -> str:
    """Say what the open turn is for; where there is none, what its run waits for."""
    turn = Turn.objects.filter(run=run).exclude(state=TurnState.ENDED).order_by("-pk").first()
    if turn is not None:
        return str(turn.purpose)
    return str(TurnPurpose.PLAN if run.state == RunState.PLANNING else TurnPurpose.WORK)


def _shortened(task: dict[str, Any]) -> dict[str, Any]:
    left_out: dict[str, int] = {}
    for name in ("sources", "actions"):
        rows = list(task[name])
        while rows and len(json.dumps(task)) > TASK_CHARS_MAX:
            rows = rows[1:]
            left_out[name] = left_out.get(name, 0) + 1
            task = {**task, name: rows, "left_out": left_out}
    return task
