"""The agents' endpoint as it is served: by two workers, in both eras, over real HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final

import httpx
import pytest
from django.db import connection
from mcp.client.session import ClientSession
from mcp.client.streamable_http import streamable_http_client
from pytest_django.plugin import DjangoDbBlocker

from crm.models import Activity
from tests.owner import as_owner
from tests.toolrouter.agents import Agent, an_agent
from tests.trinity.serving.serving import Served, served
from toolrouter.enums import Scope
from toolrouter.models import ToolCall
from toolrouter.operations.changes import By
from toolrouter.usecases.revoke_run_token import revoke_run_token
from toolrouter.usecases.stop import stop

pytestmark = pytest.mark.django_db(transaction=True)
OLD, NEW = "2025-11-25", "2026-07-28"
eras = pytest.mark.parametrize("era", [OLD, NEW])
WHO: Final = {"name": "a test", "version": "1"}


@pytest.fixture(scope="module")
def mcp(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("mcp")
    with django_db_blocker.unblock(), served("mcp", folder=folder) as running:
        yield running


@pytest.fixture
def agent() -> Agent:
    return an_agent()


@contextmanager
def renamed(table: str) -> Iterator[None]:
    """Take a table away for as long as the block runs."""
    _rename(table, to=f"{table}_away")
    try:
        yield
    finally:
        _rename(f"{table}_away", to=table)


def _rename(table: str, *, to: str) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {to}")


def post(mcp: Served, body: bytes, *, token: str = "", **headers: str) -> httpx.Response:
    said = {
        "accept": "application/json, text/event-stream",
        "content-type": "application/json",
        **({"authorization": f"Bearer {token}"} if token else {}),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return httpx.post(f"http://localhost:{mcp.port}/mcp", content=body, headers=said, timeout=30)


def ask(
    mcp: Served, era: str, method: str, params: dict[str, Any] | None = None, *, token: str = ""
) -> httpx.Response:
    """Ask as a client of that era does, without the SDK's help."""
    params = dict(params or {})
    headers = {"mcp_protocol_version": era}
    if era == NEW:
        headers["mcp_method"] = method
        if "name" in params:
            headers["mcp_name"] = str(params["name"])
        params["_meta"] = {
            "io.modelcontextprotocol/protocolVersion": era,
            "io.modelcontextprotocol/clientInfo": WHO,
            "io.modelcontextprotocol/clientCapabilities": {},
        }
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return post(mcp, json.dumps(body).encode(), token=token, **headers)


def call(mcp: Served, era: str, token: str, tool: str, **arguments: Any) -> dict[str, Any]:
    answer = ask(mcp, era, "tools/call", {"name": tool, "arguments": arguments}, token=token)
    assert answer.status_code == 200, answer.text
    result = answer.json()["result"]
    assert not result.get("isError", False)
    assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
    return dict(result["structuredContent"])


def note(mcp: Served, era: str, agent: Agent, *, key: str) -> dict[str, Any]:
    return call(
        mcp,
        era,
        agent.token,
        "propose_action",
        operation="crm.add_note",
        arguments={"deal": agent.deal.reference, "text": "They sell to dentists."},
        key=key,
    )


@eras
def test_a_note_is_written_once_however_often_the_key_comes(
    mcp: Served, agent: Agent, era: str
) -> None:
    first, again = note(mcp, era, agent, key="n1"), note(mcp, era, agent, key="n1")

    assert (first["status"], first["codes"]) == ("done", [])
    assert again == first
    assert ToolCall.objects.count() == 1
    assert Activity.objects.filter(deal=agent.deal, words__contains="dentists").count() == 1
    assert call(mcp, era, agent.token, "get_action", action=first["action"]) == first


@eras
def test_the_tools_are_those_of_the_grant_in_a_fixed_order(
    mcp: Served, agent: Agent, era: str
) -> None:
    listed = ask(mcp, era, "tools/list", token=agent.token).json()["result"]["tools"]

    names = [tool["name"] for tool in listed]
    assert names == [
        *("list_capabilities", "read_lead", "read_task", "research_search", "research_fetch"),
        *("propose_action", "get_action"),
    ]
    assert all(tool["inputSchema"]["additionalProperties"] is False for tool in listed)
    offered = call(mcp, era, agent.token, "list_capabilities")
    assert "crm.add_note" in [each["operation"] for each in offered["operations"]]


def test_the_sdks_own_client_reads_the_lead(mcp: Served, agent: Agent) -> None:
    async def talk() -> dict[str, Any]:
        http = httpx.AsyncClient(headers={"authorization": f"Bearer {agent.token}"})
        async with (
            streamable_http_client(f"http://localhost:{mcp.port}/mcp", http_client=http) as wires,
            ClientSession(*wires[:2]) as session,
        ):
            await session.initialize()
            assert len((await session.list_tools()).tools) == 7
            said = await session.call_tool("read_lead", {"deal": agent.deal.reference})
            return dict(said.structured_content)

    with ThreadPoolExecutor(1) as aside:  # this thread may have a loop of its own
        said = aside.submit(lambda: asyncio.run(talk())).result()

    assert said["status"] == "done"
    assert agent.deal.contact.email not in json.dumps(said)


@eras
def test_a_token_that_nobody_has_is_refused_before_anything_is_read(
    mcp: Served, agent: Agent, era: str
) -> None:
    for token in ("", "trt_nobodys", agent.token[:-1], agent.token + "x", agent.token.upper()):
        answer = ask(mcp, era, "tools/list", token=token)
        assert (answer.status_code, answer.content) == (401, b"")
        assert answer.headers["www-authenticate"] == "Bearer"
    twice = post(mcp, b"{}", token=agent.token, Authorization=f"Bearer {agent.token}")
    assert twice.status_code in {400, 401}


@eras
def test_a_token_that_ended_is_told_so_in_words_and_never_by_401(
    mcp: Served, agent: Agent, era: str
) -> None:
    token_ref, now = agent.credential.token_ref, agent.credential.now
    revoke_run_token(token_ref=token_ref, actor_id=None, now=now)

    said = note(mcp, era, agent, key="n1")

    assert said["status"] == "denied"
    assert said["codes"] == ["revoked"]
    assert ask(mcp, era, "tools/list", token=agent.token).status_code == 200
    assert not Activity.objects.filter(words__contains="dentists").exists()


@eras
def test_after_a_stop_all_is_refused_in_words(mcp: Served, agent: Agent, era: str) -> None:
    by = By(actor_id=None, reason="")
    stop(scope=Scope.RUN, ref=agent.run_ref, by=by, now=agent.credential.now)

    said = note(mcp, era, agent, key="n1")

    assert (said["status"], said["codes"][0]) == ("denied", "stopped")


@eras
@pytest.mark.parametrize(
    "body",
    [
        b'{"jsonrpc": "2.0", "id": 1, "id": 2, "method": "ping"}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"x": NaN}}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"x": 1e400}}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"x": "\\ud800"}}',
        b"[" * 100_000,
        b"",
        b"hello",
    ],
)
def test_what_can_be_read_in_two_ways_is_not_read(
    mcp: Served, agent: Agent, era: str, body: bytes
) -> None:
    answer = post(mcp, body, token=agent.token, mcp_protocol_version=era)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == -32700
    assert answer.json()["id"] is None


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "HEAD", "OPTIONS"])
def test_only_posts_are_taken(mcp: Served, agent: Agent, method: str) -> None:
    headers = {"authorization": f"Bearer {agent.token}", "accept": "text/event-stream"}
    answer = httpx.request(method, f"http://localhost:{mcp.port}/mcp", headers=headers, timeout=10)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_a_browsers_page_of_another_host_is_refused(mcp: Served, agent: Agent) -> None:
    for name, value, status in (
        ("host", "evil.example", 421),
        ("origin", "http://evil.example", 403),
        ("origin", "null", 403),
        ("origin", "http://[", 403),
        ("origin", f"http://localhost:{mcp.port}", 200),
    ):
        answer = post(mcp, b'{"jsonrpc":"2.0","id":1,"method":"ping"}', token=agent.token,
                      mcp_protocol_version=OLD, **{name: value})  # fmt: skip
        assert answer.status_code == status, (name, value, answer.text)


def test_a_body_that_is_too_long_is_not_read(mcp: Served, agent: Agent) -> None:
    assert post(mcp, b" " * (256 * 1024 + 1), token=agent.token).status_code == 413


@eras
def test_what_breaks_inside_says_nothing_of_itself(mcp: Served, agent: Agent, era: str) -> None:
    """The table of calls is away: as after a failed migration."""
    with renamed("toolrouter_toolcall"):
        answer = ask(
            mcp,
            era,
            "tools/call",
            {"name": "read_lead", "arguments": {"deal": agent.deal.reference}},
            token=agent.token,
        )

    error = answer.json()["error"]
    assert error["code"] == -32603
    assert "toolcall" not in answer.text
    assert "Ask again with the same key" in error["message"]


@eras
@pytest.mark.parametrize("arguments", [None, {}, {"deal": 7}, {"deal": "x", "more": 1}])
def test_arguments_that_do_not_fit_are_an_answer(
    mcp: Served, agent: Agent, era: str, arguments: Any
) -> None:
    said = ask(
        mcp, era, "tools/call", {"name": "read_lead", "arguments": arguments}, token=agent.token
    )
    if arguments is None and said.status_code != 200:
        return  # the newer era's own refusal of a null
    assert said.json()["result"]["structuredContent"]["codes"] == ["malformed"]


@eras
def test_a_tool_that_nobody_has_and_a_field_too_many_are_refused(
    mcp: Served, agent: Agent, era: str
) -> None:
    unknown = call(mcp, era, agent.token, "send_money", amount=1)
    assert (unknown["status"], unknown["codes"]) == ("denied", ["unknown_operation"])
    more = call(
        mcp,
        era,
        agent.token,
        "propose_action",
        operation="crm.add_note",
        arguments={"deal": agent.deal.reference, "text": "x"},
        key="k",
        approved_by="owner",
    )
    assert (more["status"], more["codes"]) == ("denied", ["malformed"])
    assert call(mcp, era, agent.token, "get_action", action="call_x", more=1)["codes"] == [
        "malformed"
    ]
    assert not Activity.objects.filter(deal=agent.deal).exists()


@eras
def test_another_runs_code_is_denied(mcp: Served, agent: Agent, era: str) -> None:
    other = an_agent()
    said = call(
        mcp, era, agent.token, "read_lead", deal=agent.deal.reference,
        run=other.credential.run_code,
    )  # fmt: skip
    assert (said["status"], said["codes"]) == ("denied", ["wrong_run"])


def test_with_the_database_away_it_says_to_come_again(mcp: Served, agent: Agent) -> None:
    with renamed("toolrouter_runtoken"):
        answer = ask(mcp, NEW, "tools/list", token=agent.token)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert ask(mcp, NEW, "tools/list", token=agent.token).status_code == 200


def test_it_goes_on_after_every_connection_was_cut(mcp: Served, agent: Agent) -> None:
    """What a restart of Postgres does to the connections that the threads keep."""
    with ThreadPoolExecutor(8) as many:
        keys = [f"n{number}" for number in range(16)]
        list(many.map(lambda key: note(mcp, NEW, agent, key=key), keys))
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    statuses = [ask(mcp, NEW, "tools/list", token=agent.token).status_code for _ in range(20)]
    assert set(statuses) <= {200, 503}
    assert statuses[-1] == 200


def test_a_vanished_client_finds_its_call_done_under_its_key(mcp: Served, agent: Agent) -> None:
    body = json.dumps(
        {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {
                "name": "propose_action",
                "arguments": {
                    "operation": "crm.add_note",
                    "arguments": {"deal": agent.deal.reference, "text": "They sell to dentists."},
                    "key": "gone",
                },
            },
        }
    ).encode()
    head = (
        f"POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {agent.token}\r\n"
        "Accept: application/json, text/event-stream\r\nContent-Type: application/json\r\n"
        f"MCP-Protocol-Version: {OLD}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    made = mcp.connect()
    made.sendall(head.encode() + body)
    made.close()

    said = note(mcp, OLD, agent, key="gone")

    assert said["status"] == "done"
    assert ToolCall.objects.count() == 1
