"""What a run asked for so far, as its own agent is reminded of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from toolrouter.enums import CallState
from toolrouter.models import ToolCall
from toolrouter.queries.calls import STATUS_OF

ACTIONS_MAX: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionLine:
    """One call of a run: how it named it, what it asked for about what, and where it stands."""

    action: str
    key: str
    operation: str
    subject: str
    status: str
    codes: tuple[str, ...]
    approval: str


def actions_of_run(run_ref: str) -> list[ActionLine]:
    """Return a run's newest calls of those that it gave a key, oldest first. One statement."""
    calls = ToolCall.objects.filter(grant__run_ref=run_ref, key__isnull=False)
    return [
        ActionLine(
            action=call.reference,
            key=str(call.key),
            operation=call.operation,
            subject=call.subject_ref,
            status=STATUS_OF[CallState(call.state)].value,
            codes=tuple(call.codes),
            approval=call.approval_ref,
        )
        for call in reversed(calls.order_by("-pk")[:ACTIONS_MAX])
    ]
