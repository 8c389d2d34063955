"""The tools that an agent is offered, in a fixed order: what a run may ask for follows its grant.

The schemas are for the agent to read. What it sends is checked by the registry's own models,
strictly; the SDK applies no schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from mcp_types import Tool, ToolAnnotations

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
_ANSWER: Final = (
    "The answer is {status, action, approval, codes, result, retry_after_s}. "
    "A refusal is a normal answer with status denied, and codes say why."
)


@cache
def offered(kind: RunKind) -> tuple[Tool, ...]:
    """Return the tools of a run of that kind."""
    return tuple(_tools(kind))


def _tools(kind: RunKind) -> Iterator[Tool]:
    yield _tool(
        LIST_CAPABILITIES,
        says="Lists the operations that this run may propose, with the schema of their arguments.",
        is_reading=True,
    )
    for operation in registry().granted(kind):
        if operation.tool:
            schema = operation.arguments.model_json_schema()
            yield _tool(
                operation.tool,
                says=f"{operation.says} {_ANSWER}",
                properties=schema.get("properties", {}),
                required=schema.get("required", []),
                is_reading=True,
            )
    yield _tool(
        PROPOSE_ACTION,
        says=(
            "Proposes one operation. It is answered at once: done, denied, or needs_approval, and "
            "then a person decides; ask get_action later. Send the same key again only to repeat "
            f"the very same call. {_ANSWER}"
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
        annotations=ToolAnnotations(read_only_hint=is_reading, open_world_hint=False),
    )
