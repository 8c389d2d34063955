"""What a model answers: words or calls of tools, in the shape of OpenAI's chat completions."""

import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

MODEL: Final = "sandbox-stand-in"
LABEL: Final = "[Sandbox: a script, no model]"
CHARS_PER_TOKEN: Final = 4
CHUNK_CHARS: Final = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of a tool by the name that it is offered under; ``arguments`` as JSON."""

    tool: str
    arguments: str
    id: str = field(default_factory=lambda: f"call_{secrets.token_hex(8)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer: words, calls, or neither. ``after_s`` is how long it is thought about."""

    words: str = ""
    calls: tuple[Call, ...] = ()
    after_s: float = 0.0

    @property
    def reason(self) -> str:
        """Why it ends here."""
        return "tool_calls" if self.calls else "stop"


def said(words: str) -> Reply:
    """Words, which say who speaks."""
    return Reply(words=f"{LABEL} {words}")


def called(tool: str, arguments: dict[str, Any], *, after_s: float = 0.0) -> Reply:
    """One call of a tool."""
    written = json.dumps(arguments, ensure_ascii=False)
    return Reply(calls=(Call(tool=tool, arguments=written),), after_s=after_s)


def usage(request: str, reply: Reply) -> dict[str, int]:
    """How many tokens a model would have counted, roughly."""
    out = len(reply.words) + sum(len(call.arguments) + len(call.tool) for call in reply.calls)
    asked, answered = len(request) // CHARS_PER_TOKEN + 1, out // CHARS_PER_TOKEN + 1
    return {
        "prompt_tokens": asked,
        "completion_tokens": answered,
        "total_tokens": asked + answered,
    }


def completion(reply: Reply, counted: dict[str, int]) -> dict[str, Any]:
    """The whole answer at once."""
    message: dict[str, Any] = {"role": "assistant", "content": reply.words or None}
    if reply.calls:
        message["tool_calls"] = [_call(call) for call in reply.calls]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reply.reason}
    return {**_head("chat.completion"), "choices": [choice], "usage": counted}


def chunks(reply: Reply, counted: dict[str, int] | None) -> Iterator[dict[str, Any]]:
    """The same answer piece by piece; ``counted`` last, where it was asked for."""
    head = _head("chat.completion.chunk")
    yield {**head, "choices": [_piece({"role": "assistant", "content": ""})]}
    for part in _parts(reply.words):
        yield {**head, "choices": [_piece({"content": part})]}
    for place, call in enumerate(reply.calls):
        named = {**_call(call), "index": place}
        named["function"] = {"name": call.tool, "arguments": ""}
        yield {**head, "choices": [_piece({"tool_calls": [named]})]}
        for part in _parts(call.arguments):
            more = {"index": place, "function": {"arguments": part}}
            yield {**head, "choices": [_piece({"tool_calls": [more]})]}
    yield {**head, "choices": [_piece({}, reason=reply.reason)]}
    if counted is not None:
        yield {**head, "choices": [], "usage": counted}


def models() -> dict[str, Any]:
    """The one model that there is."""
    one = {"id": MODEL, "object": "model", "created": 0, "owned_by": "sandbox"}
    return {"object": "list", "data": [one]}


def _head(kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-sandbox-{secrets.token_hex(8)}",
        "object": kind,
        "created": int(time.time()),
        "model": MODEL,
    }


def _call(call: Call) -> dict[str, Any]:
    function = {"name": call.tool, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function}


def _piece(delta: dict[str, Any], *, reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}


def _parts(text: str) -> Iterator[str]:
    for start in range(0, len(text), CHUNK_CHARS):
        yield text[start : start + CHUNK_CHARS]
