"""The stand-in for a model speaks as an OpenAI-compatible one does, whole or in pieces."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.sandbox.model.talking import RUN, tool
from tests.sandbox.running_sandbox import RunningSandbox

LABEL = "[Sandbox: a script, no model]"
READ_TASK = tool("read_task", run={"type": "string"})
FIRST = [{"role": "user", "content": f"Run {RUN}: call read_task first."}]


@pytest.fixture
def model(sandbox: RunningSandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.base, timeout=10, trust_env=False) as client:
        yield client
    sandbox.control("behave")


def completed(model: httpx.Client, **more: Any) -> dict[str, Any]:
    answer = model.post("/v1/chat/completions", json={"model": "any", "messages": FIRST, **more})
    assert answer.status_code == 200
    return answer.json()


def streamed(model: httpx.Client, **more: Any) -> list[dict[str, Any]]:
    asked = {"model": "any", "messages": FIRST, "stream": True, **more}
    lines = model.post("/v1/chat/completions", json=asked).text.split("\n\n")
    assert lines[-2:] == ["data: [DONE]", ""]
    return [json.loads(line.removeprefix("data: ")) for line in lines[:-2]]


def test_the_one_model_says_that_it_is_the_sandboxs(model) -> None:
    listed = model.get("/v1/models").json()

    assert [each["id"] for each in listed["data"]] == ["sandbox-stand-in"]
    assert completed(model)["model"] == "sandbox-stand-in"


def test_what_it_says_is_labelled(model) -> None:
    choice = completed(model)["choices"][0]

    assert choice["message"]["content"].startswith(LABEL)
    assert choice["finish_reason"] == "stop"


def test_a_call_of_a_tool_has_the_name_that_it_is_offered_under(model) -> None:
    answer = completed(model, tools=[READ_TASK])
    choice = answer["choices"][0]
    call = choice["message"]["tool_calls"][0]

    assert choice["finish_reason"] == "tool_calls"
    assert call["type"] == "function"
    assert call["function"]["name"] == "mcp__lane1__read_task"
    assert json.loads(call["function"]["arguments"]) == {"run": RUN}
    counted = answer["usage"]
    assert counted["prompt_tokens"] + counted["completion_tokens"] == counted["total_tokens"]


def test_a_stream_is_the_same_answer_in_pieces_and_counts_last(model) -> None:
    pieces = streamed(model, tools=[READ_TASK], stream_options={"include_usage": True})
    deltas = [piece["choices"][0]["delta"] for piece in pieces if piece["choices"]]
    calls = [delta["tool_calls"][0] for delta in deltas if "tool_calls" in delta]
    written = "".join(call["function"]["arguments"] for call in calls)

    assert calls[0]["function"]["name"] == "mcp__lane1__read_task"
    assert json.loads(written) == {"run": RUN}
    assert [p["choices"][0]["finish_reason"] for p in pieces if p["choices"]][-1] == "tool_calls"
    assert pieces[-1]["choices"] == []
    assert pieces[-1]["usage"]["total_tokens"] > 0


def test_a_stream_counts_nothing_where_nobody_asks(model) -> None:
    assert not any("usage" in piece for piece in streamed(model))


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"messages": "x"}', b'{"messages": [1]}'])
def test_what_is_no_request_is_refused(model, body) -> None:
    answer = model.post("/v1/chat/completions", content=body)

    assert answer.status_code == 400
    assert "message" in answer.json()["error"]


def test_what_a_runtime_looks_for_besides_is_not_there(model) -> None:
    paths = ("/api/tags", "/props", "/v1/props", "/version", "/api/v1/models")

    assert [model.get(path).status_code for path in paths] == [404] * len(paths)


def test_stripes_endpoints_are_still_answered_by_stripe(model) -> None:
    assert model.get("/v1/products").status_code == 401
    assert model.get("/v1/models/x").status_code == 404


def test_an_error_is_answered_for_as_many_runs_as_were_asked_for(model, sandbox) -> None:
    sandbox.control("misbehave", kind="server_error", runs=1)
    asked = {"model": "any", "messages": [{"role": "user", "content": "Run ERR1: begin."}]}
    other = {"model": "any", "messages": [{"role": "user", "content": "Run FINE: begin."}]}

    answers = [model.post("/v1/chat/completions", json=each) for each in (asked, asked, other)]

    assert [answer.status_code for answer in answers] == [500, 500, 200]


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_that_is_cut_off_never_ends(model, sandbox, stream) -> None:
    sandbox.control("behave")
    sandbox.control("misbehave", kind="cut_off", runs=1)
    asked = {"model": "any", "messages": [{"role": "user", "content": f"Run CUT{int(stream)}: x"}]}

    with pytest.raises(httpx.TransportError):
        model.post("/v1/chat/completions", json={**asked, "stream": stream})


def test_a_model_that_hangs_says_nothing(model, sandbox) -> None:
    sandbox.control("misbehave", kind="hang", runs=1)
    asked = {"model": "any", "messages": [{"role": "user", "content": "Run HANG1: x"}]}

    with pytest.raises(httpx.ReadTimeout):
        model.post("/v1/chat/completions", json=asked, timeout=0.3)


def test_a_misbehaviour_that_is_not_known_is_refused(sandbox) -> None:
    for given in ({"kind": "dances"}, {"kind": "loop", "runs": 0}, {"kind": "loop", "runs": "x"}):
        assert sandbox.try_control("misbehave", **given).status_code == 400
