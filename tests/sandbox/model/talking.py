"""Playing a runtime's part: tools that answer, and messages that grow."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
Ask = Callable[[Json], Json]  # a request to a message
RUN = "K7F3"


def tool(name: str, **properties: Json) -> Json:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    function = {"name": f"mcp__lane1__{name}", "description": name, "parameters": schema}
    return {"type": "function", "function": function}


def answered(status: str = "done", *, codes: list[str] | None = None, **result: Any) -> Json:
    return {
        "status": status,
        "action": "call_1",
        "approval": None,
        "codes": codes or [],
        "result": result or None,
        "retry_after_s": None,
    }


def wrapped(answer: Json) -> str:
    """A tool's answer as Hermes hands it to its model."""
    both = {"result": json.dumps(answer, ensure_ascii=False), "structuredContent": answer}
    told = json.dumps(both, ensure_ascii=False)
    return (
        '<untrusted_tool_result source="mcp__lane1__read_task">\nThe following content was'
        f" retrieved from an external source.\n\n{told}\n</untrusted_tool_result>"
    )


@dataclass
class Turn:
    """One turn of a runtime: ``tools`` answer by name, ``calls`` are those that were made."""

    ask: Ask
    offered: list[Json]
    tools: Mapping[str, Callable[[Json], Json]]
    run: str = RUN
    calls: list[tuple[str, Json]] = field(default_factory=list)
    messages: list[Json] = field(default_factory=list)

    def play(self, *, steps_max: int = 80) -> str:
        """Do what is asked for until words come; return them."""
        self.messages = [
            {"role": "system", "content": "You are an agent."},
            {"role": "user", "content": f"Run {self.run}: call read_task first."},
        ]
        for _ in range(steps_max):
            message = self.ask({"model": "x", "messages": self.messages, "tools": self.offered})
            self.messages.append({"role": "assistant", **message})
            if not message.get("tool_calls"):
                return message.get("content") or ""
            for call in message["tool_calls"]:
                self._do(call)
        raise AssertionError(f"no end after {steps_max} steps")

    def _do(self, call: Json) -> None:
        name = call["function"]["name"].removeprefix("mcp__lane1__")
        arguments = json.loads(call["function"]["arguments"])
        self.calls.append((name, arguments))
        answer = self.tools[name](arguments)
        self.messages.append(
            {"role": "tool", "tool_call_id": call["id"], "content": wrapped(answer)}
        )

    def named(self, tool_name: str) -> list[Json]:
        return [arguments for name, arguments in self.calls if name == tool_name]
