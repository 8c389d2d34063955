"""What an agent may ask of its own run: what it is to do."""

from __future__ import annotations

from typing import Final

from fulfillment.operations.giving import NoTask, give_task
from toolrouter.ports import Answered, Arguments, Call, Entry, NotPossible, Operation, Risk


class Nothing(Arguments):
    """It takes no arguments."""


def read_task(_asked: Nothing, call: Call) -> Answered:
    """Return the task of the run that asks. Raises NotPossible."""
    try:
        task = give_task(call.run_ref, now=call.now)
    except NoTask as reason:
        raise NotPossible from reason
    return Answered(result=task, refs=[call.run_ref])


OPERATIONS: Final[tuple[Entry, ...]] = (
    Operation(
        name="fulfillment.read_task",
        title="Read the task",
        tool="read_task",
        risk=Risk.READ,
        says="Reads your task: what this turn is for, the goal, the procedures to follow, the"
        " sources so far and what you already asked for. Call it first in every turn.",
        arguments=Nothing,
        execute=read_task,
    ),
)
