"""The real Hermes in a process of its own, and a model of a few lines behind it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from fulfillment.adapters.hermes import HermesRuntime
from trinity.stack import Ports, hermes, hermes_venv
from trinity.stack.answers import answers
from trinity.stack.run_as import RunAs

KEY, MODEL_KEY, SEAT = "a-key-of-tests-0123456789", "a-models-key-of-tests", "trt_seat_of-tests"
SEATS = {"lane1": f"{SEAT}-1", "lane2": f"{SEAT}-2"}
MCP_NOWHERE = "http://127.0.0.1:9/mcp"


@dataclass
class Script:
    """A model that makes the calls that it is told to, and then says one sentence.

    It holds its answer back until it may say it.
    """

    may_answer: threading.Event = field(default_factory=threading.Event)
    asked: list[dict[str, Any]] = field(default_factory=list)
    # The calls that it makes, by a tool's own name, one after the other; then it is done.
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def next_answer(self, sent: dict[str, Any]) -> dict[str, Any]:
        """Return the next call, by the name under which the tool was offered, or the last word."""
        offered = [each["function"]["name"] for each in sent.get("tools") or []]
        while self.calls:
            tool, arguments = self.calls.pop(0)
            names = [name for name in offered if name.endswith(f"__{tool}")]
            if names:
                function = {"name": names[0], "arguments": json.dumps(arguments)}
                call = {"index": 0, "id": "call_1", "type": "function", "function": function}
                return {"content": None, "tool_calls": [call]}
        return {"content": "Done."}

    def handler(script: Script) -> type[BaseHTTPRequestHandler]:  # the other is a request's
        class Answers(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._say(404, b"{}")

            def do_POST(self) -> None:
                sent = json.loads(self.rfile.read(int(self.headers["content-length"])))
                script.asked.append(sent)
                script.may_answer.wait(30)
                answer = script.next_answer(sent)
                self._say(200, _stream(answer), kind="text/event-stream")

            def _say(self, code: int, body: bytes, *, kind: str = "application/json") -> None:
                self.send_response(code)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        return Answers


def _stream(answer: dict[str, Any]) -> bytes:
    about = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "script"}
    said = {"index": 0, "delta": {"role": "assistant", **answer}, "finish_reason": None}
    end = {
        "index": 0,
        "delta": {},
        "finish_reason": "tool_calls" if "tool_calls" in answer else "stop",
    }
    usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
    chunks = [{**about, "choices": [said]}, {**about, "choices": [end], "usage": usage}]
    lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
    return "".join([*lines, "data: [DONE]\n\n"]).encode()


@dataclass
class Running:
    """A Hermes that runs, its model, and our adapter in front of it."""

    runtime: HermesRuntime
    script: Script
    process: subprocess.Popen[bytes]
    folder: Path


@contextmanager
def running_hermes(
    folder: Path, *, mcp_url: str = MCP_NOWHERE, seats: Mapping[str, str] = SEATS
) -> Iterator[Running]:
    """Start it as the stack does, but as this user and without the supervisor."""
    script, ports = Script(), Ports.free()
    script.may_answer.set()
    model = ThreadingHTTPServer(("127.0.0.1", 0), script.handler())
    threading.Thread(target=model.serve_forever, daemon=True).start()
    program = hermes_venv.ensure(
        Path(sys.prefix).parent / "hermes-venv",
        python=hermes_venv.find_python([RunAs(words="this user", owner_uid=0, owner_gid=0)])[0],
        log=folder / "install.log",
    )
    home = folder / "hermes"
    home.mkdir()
    hermes.Hermes(
        host="127.0.0.1",
        port=ports.hermes,
        key=KEY,
        mcp_url=mcp_url,
        model=hermes.Model(
            url=f"http://127.0.0.1:{model.server_port}/v1", name="script", key=MODEL_KEY
        ),
        seats=seats,
    ).write(home)
    with (folder / "hermes.log").open("wb") as said:
        process = subprocess.Popen(
            [str(program), "gateway", "run"],
            env=hermes.environment(home, home=str(folder)),
            cwd=home / "empty",
            stdout=said,
            stderr=said,
        )
    address = f"http://127.0.0.1:{ports.hermes}"
    try:
        _until(lambda: answers(f"{address}/health"), 60)
        runtime = HermesRuntime(address=address, key=KEY, lanes=len(seats), timeout_s=20)
        yield Running(runtime=runtime, script=script, process=process, folder=home)
    finally:
        process.kill()
        process.wait()
        script.may_answer.set()
        model.shutdown()


def _until(is_so: Any, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)


until = _until
