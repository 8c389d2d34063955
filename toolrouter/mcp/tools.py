"""The tools that an agent is offered, in a fixed order: what a run may ask for follows its grant.

On a seat the list is of all tools, whatever run it serves: its holder asks once, when it connects.

The schemas are for the agent to read. What it sends is checked by the registry's own models,
strictly; the SDK applies no schema.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final

from mcp_types import Tool, ToolAnnotations

from toolrouter.ports import AnyOperation, Operation
from toolrouter.registry import registry
from toolrouter.vocabulary import RunKind

LIST_CAPABILITIES: Final = "list_capabilities"
GET_ACTION: Final = "get_action"
PROPOSE_ACTION: Final = "propose_action"
RUN: Final = "run"

_RUN: Final = {
    "type": "string",
    "description": "The code of your run, as your task names it. It may be left out.",
}
_RUN_OF_A_SEAT: Final = {
    "type": "string",
    "description": "The code of your run, as your task names it. Send it with each call.",
}
_ANSWER: Final = (
    "The answer is {status, action, approval, codes, result, retry_after_s}. "
    "A refusal is a normal answer with status denied, and codes say why."
)


@cache
def offered(kind: RunKind) -> tuple[Tool, ...]:
    """Return the tools of a run of that kind."""
    granted = registry().granted(kind)
    return tuple(_tools(operation for operation in granted if operation.tool))


@cache
def offered_on_a_seat() -> tuple[Tool, ...]:
    """Return every tool there is. What a run may not have is refused when it is called."""
    entries = registry().entries
    return tuple(
        tool.model_copy(update={"input_schema": _with_run(tool.input_schema)})
        for tool in _tools(each for each in entries if isinstance(each, Operation) and each.tool)
    )


def _with_run(schema: dict[str, Any]) -> dict[str, Any]:
    return {
        **schema,
        "properties": {RUN: _RUN_OF_A_SEAT, **_without_run(schema["properties"])},
        "required": [RUN, *schema["required"]],
    }


def _without_run(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in properties.items() if name != RUN}


def _tools(operations: Iterable[AnyOperation]) -> Iterator[Tool]:
    yield _tool(
        LIST_CAPABILITIES,
        says="Lists the operations that this run may propose, with the schema of their arguments.",
        is_reading=True,
    )
    for operation in operations:
        schema = operation.arguments.model_json_schema()
        yield _tool(
            operation.tool,
            says=f"{operation.says} {_ANSWER}",
            properties=schema.get("properties", {}),
            required=schema.get("required", []),
            is_reading=True,
            is_outside=operation.later is not None,
        )
    yield _tool(
        PROPOSE_ACTION,
        says=(
            "Proposes one operation. It is answered at once: done, denied, in_progress, or "
            "needs_approval, and then a person decides; ask get_action later. Send the same key "
            f"again only to repeat the very same call. {_ANSWER}"
        ),
        properties={
            "operation": {"type": "string", "description": "A name from list_capabilities."},
            "arguments": {
                "type": "object",
                "description": "As its schema says, and nothing more.",
            },
            "key": {
                "type": "string",
                "description": "Your own name for this call, unique within the run.",
                "minLength": 1,
                "maxLength": 100,
            },
        },
        required=["operation", "arguments", "key"],
    )
    yield _tool(
        GET_ACTION,
        says=f"Says where an action stands. {_ANSWER}",
        properties={"action": {"type": "string", "description": "Its reference, call_…"}},
        required=["action"],
        is_reading=True,
    )


def _tool(
    name: str,
    *,
    says: str,
    properties: dict[str, Any] | None = None,
    required: list[str] | None = None,
    is_reading: bool = False,
    is_outside: bool = False,
) -> Tool:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {**(properties or {}), RUN: _RUN},
        "required": required or [],
        "additionalProperties": False,
    }
    return Tool(
        name=name,
        description=says,
        input_schema=schema,
        annotations=ToolAnnotations(read_only_hint=is_reading, open_world_hint=is_outside),
    )
