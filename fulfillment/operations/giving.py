"""Giving an agent its task: what was given stands in its run's history, by digest and length."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from fulfillment.enums import RunEventKind
from fulfillment.models import AcquisitionRun
from fulfillment.operations.history import record_run_event
from fulfillment.queries.task import task_of


class NoTask(Exception):
    """No run of ours has that reference."""


def give_task(run_ref: str, *, now: datetime) -> dict[str, Any]:
    """Return a run's task and write down that it was given. Joins the caller's transaction.

    Raises NoTask.
    """
    run = AcquisitionRun.objects.filter(reference=run_ref).first()
    if run is None:
        raise NoTask(run_ref)
    task = task_of(run)
    facts: dict[str, str | int] = {"digest": _digest(task), "chars": len(json.dumps(task))}
    refs = [each["source"] for each in task["sources"]]
    record_run_event(run, kind=RunEventKind.TASK_READ, facts=facts, refs=refs, now=now)
    return task


def _digest(task: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what was given, by reference: it holds no word of anybody's.

    A procedure is named by the hash of its file, a source and an action by their references.
    """
    given = {
        **{name: task[name] for name in ("run", "kind", "purpose", "state")},
        "skills": [each["sha256"] for each in task["skills"]],
        "sources": [[each["source"], each["state"]] for each in task["sources"]],
        "actions": [[each["action"], each["status"]] for each in task["actions"]],
    }
    return sha256(json.dumps(given, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
