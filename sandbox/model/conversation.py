"""What a model is told: the messages and tools of one request, read for what they say."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Json = dict[str, Any]
RUN: Final = re.compile(r"\bRun ([0-9A-Z]{4,8})\b")
# How runtimes put a server's name before that of its tool: mcp__lane1__read_task.
PREFIX: Final = re.compile(r"^mcp_+[A-Za-z0-9-]+?_+(?=[a-z])")
WORDS_MAX: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool that is offered: its name there, and the schema of its arguments."""

    name: str
    schema: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call that was made, and what it was answered; empty where that was no JSON."""

    tool: str
    arguments: Json
    answer: Json

    @property
    def status(self) -> str:
        """How it went, in the router's word."""
        return str(self.answer.get("status", ""))

    @property
    def result(self) -> Json:
        """What it brought."""
        found = self.answer.get("result")
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """All that is known: nothing else is remembered from one request to the next."""

    run: str
    tools: Mapping[str, Tool]
    steps: Sequence[Step]
    said: str  # all of it, as one text

    def last(self, tool: str) -> Step | None:
        """The newest call of that tool."""
        return next((step for step in reversed(self.steps) if step.tool == tool), None)

    def of(self, tool: str) -> list[Step]:
        """Every call of that tool, oldest first."""
        return [step for step in self.steps if step.tool == tool]

    @property
    def task(self) -> Json:
        """What ``read_task`` said last."""
        step = self.last("read_task")
        return step.result if step else {}


def conversation(request: Json) -> Conversation:
    """Read a request. Raises ValueError where it is none."""
    messages = request.get("messages")
    if not isinstance(messages, list) or not all(isinstance(each, dict) for each in messages):
        raise ValueError("messages must be a list of objects")
    run = next((f[1] for each in _by_user(messages) if (f := RUN.search(each))), "")
    return Conversation(
        run=run,
        tools={tool_of(tool.name): tool for tool in _tools(request.get("tools") or [])},
        steps=list(_steps(messages)),
        said="\n".join(_text(each.get("content")) for each in messages)[-WORDS_MAX:],
    )


def tool_of(name: str) -> str:
    """The tool's own name, without that of its server."""
    return PREFIX.sub("", name)


def found_in(value: object, *names: str) -> object:
    """What stands under the first of ``names`` that is anywhere in ``value``, nearest first."""
    for name in names:
        level: list[object] = [value]
        while level:
            for each in level:
                if isinstance(each, dict) and each.get(name) not in (None, "", [], {}):
                    return each[name]
            level = [inner for each in level for inner in _inside(each)]
    return None


def text_in(value: object, *names: str) -> str:
    """The same as a text; empty where there is none."""
    found = found_in(value, *names)
    return found if isinstance(found, str) else ""


def objects_in(value: object, *names: str) -> list[Json]:
    """The objects of the list there; empty where there is none."""
    found = found_in(value, *names)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list) else []


def _by_user(messages: Sequence[Json]) -> Iterator[str]:
    for message in messages:
        if message.get("role") == "user":
            yield _text(message.get("content"))


def _tools(offered: Sequence[Json]) -> Iterator[Tool]:
    for each in offered:
        function = each.get("function") or {}
        if isinstance(function.get("name"), str):
            yield Tool(name=function["name"], schema=function.get("parameters") or {})


def _steps(messages: Sequence[Json]) -> Iterator[Step]:
    answers = {
        message.get("tool_call_id"): _answer(_text(message.get("content")))
        for message in messages
        if message.get("role") == "tool"
    }
    for message in messages:
        for call in message.get("tool_calls") or []:
            function = call.get("function") or {}
            if call.get("id") in answers:
                tool = tool_of(str(function.get("name", "")))
                arguments = _object(str(function.get("arguments", "")))
                step = Step(tool=tool, arguments=arguments, answer=answers[call["id"]])
                yield _proposed(step) or step


def _proposed(step: Step) -> Step | None:
    """A proposal to submit something, as the call that it stands for."""
    operation, inner = step.arguments.get("operation"), step.arguments.get("arguments")
    if step.tool != "propose_action" or not isinstance(inner, dict):
        return None
    tool = str(operation).rpartition(".")[2]
    if not tool.startswith("submit_"):
        return None
    return Step(tool=tool, arguments=inner, answer=step.answer)


def _answer(text: str) -> Json:
    """The router's answer within what a runtime made of it: fenced, or as one of two copies."""
    start, end = text.find("{"), text.rfind("}")
    found = _object(text[start : end + 1])
    inner = found.get("structuredContent")
    if isinstance(inner, dict):
        return inner
    if isinstance(found.get("result"), str):
        return _object(found["result"])
    return found


def _object(text: str) -> Json:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(str(each.get("text", "")) for each in content if isinstance(each, dict))
    return ""
