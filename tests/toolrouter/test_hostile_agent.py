"""An agent that tries to get more than it was given: over the wire and past the protocol."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import httpx
import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from pytest_django.plugin import DjangoDbBlocker

from crm.models import Activity
from kernel.references import new_reference
from ledger.queries import compare_rows
from tests.owner import rewriting
from tests.toolrouter.agents import Agent, an_agent
from tests.trinity.serving.serving import Served, served
from tests.trinity.serving.test_mcp import NEW, OLD, ask, call, eras, post
from toolrouter.answers import Answer
from toolrouter.mcp.calls import Calls
from toolrouter.mcp.threads import Threads
from toolrouter.models import RunToken, ToolCall
from toolrouter.vocabulary import Code, Status

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE: Final = 8
PING: Final = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
EACH_TOOL: Final[list[tuple[str, dict[str, Any]]]] = [
    ("list_capabilities", {}),
    ("read_lead", {"deal": "deal_x"}),
    ("get_action", {"action": "call_x"}),
    ("propose_action", {"operation": "crm.add_note", "arguments": {}, "key": "k"}),
]


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


def at_once(work: Callable[[int], Answer]) -> list[Answer]:
    """Do ``work`` in eight threads, each on a connection of its own."""

    def one(number: int) -> Answer:
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as many:
        return list(many.map(one, range(AT_ONCE)))


def raw_note(mcp: Served, agent: Agent, **told: str) -> httpx.Response:
    """Propose a note whose arguments are ``told``, letter by letter, in JSON."""
    arguments = f'{{"deal":{told["deal"]},"text":{told["text"]}{told["more"]}}}'
    call = (
        f'{{"operation":{told["operation"]},"arguments":{arguments},"key":{told["key"]}'
        f"{told['outside']}}}"
    ).replace("DEAL", agent.deal.reference)
    body = (
        '{"jsonrpc":"2.0","id":1,"method":"tools/call",'
        f'"params":{{"name":"propose_action","arguments":{call}}}}}'
    )
    return post(mcp, body.encode(), token=agent.token, mcp_protocol_version=OLD)


GOOD: Final = {
    "operation": '"crm.add_note"', "deal": '"DEAL"', "text": '"x"', "key": '"k"', "more": "",
    "outside": "",
}  # fmt: skip
CONFUSED: Final[list[dict[str, str]]] = [
    *({"text": text} for text in ("1e3", "true", "null", '["x"]', '"\\udc00"', "9" * 30, "NaN")),
    *({"deal": deal} for deal in ('["DEAL"]', '"DEAL\\n"', '" DEAL"', '{"DEAL":"DEAL"}')),
    *({"key": key} for key in ("9" * 30, "null", '["k"]', '"k\\u200b"', '""')),
    *({"operation": name} for name in ('["crm.add_note"]', '"crm.аdd_note"', '"crm.add_note "')),
    {"more": ',"text":"y"'},
    {"more": ',"t\\u0065xt":"y"'},
    {"more": ',"amount_minor":' + "9" * 4000},
    {"more": ',"amount_minor":' + "9" * 5000},
    {"more": ',"text\\u0000":"y"'},
    {"outside": ',"run":["K"]'},
    {"outside": ',"run":""'},
    {"outside": ',"person":"owner"'},
    {"outside": ',"operation":"crm.read_lead"'},
]


@pytest.mark.parametrize("confused", CONFUSED, ids=lambda each: str(each)[:40])
def test_nothing_is_written_for_arguments_that_are_confused(
    mcp: Served, agent: Agent, confused: dict[str, str]
) -> None:
    answer = raw_note(mcp, agent, **{**GOOD, **confused})

    assert answer.status_code in {200, 400}, answer.text
    said = answer.json()
    assert "error" in said or said["result"]["structuredContent"]["status"] == "denied", said
    assert not Activity.objects.filter(deal=agent.deal).exists()


def test_what_is_not_confused_is_written(mcp: Served, agent: Agent) -> None:
    assert raw_note(mcp, agent, **GOOD).json()["result"]["structuredContent"]["status"] == "done"


@eras
def test_a_batch_is_not_taken(mcp: Served, agent: Agent, era: str) -> None:
    one = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "read_lead"}}
    body = json.dumps([one, one]).encode()

    assert post(mcp, body, token=agent.token, mcp_protocol_version=era).status_code == 400
    assert not ToolCall.objects.exists()


def test_a_token_that_strays_into_an_address_or_a_body_is_in_no_log(
    mcp: Served, agent: Agent
) -> None:
    word = "Zebedee-Quux"
    for era in (OLD, NEW):
        for method, params in (
            (f"tools/{agent.token}", {}),
            ("tools/call", {"name": agent.token, "arguments": {word: agent.token}}),
            ("tools/call", {"name": 7, "arguments": [word, agent.token]}),
            ("tools/call", {word: agent.token}),
            ("tools/list", {"cursor": {word: agent.token}}),
            ("initialize", {"protocolVersion": agent.token, "x": word}),
            ("resources/read", {"uri": f"{word}:{agent.token}"}),
            ("notifications/cancelled", {"requestId": agent.token, "reason": word}),
        ):
            ask(mcp, era, method, params, token=agent.token)
        post(mcp, f'{{"jsonrpc":"2.0","id":1,"method":"{word}","x":'.encode(), token=agent.token)
        post(mcp, b"{}", token=agent.token, mcp_protocol_version=agent.token)
        post(mcp, b"{}", token=agent.token, host=agent.token)
        post(mcp, b"{}", token=agent.token, origin=f"http://{agent.token}")
    for path in (f"/mcp?token={agent.token}", f"/mcp/{agent.token}", f"/{agent.token}"):
        mcp.get(path)
        mcp.get(path, headers=f"Authorization: Bearer {agent.token}\r\n".encode())

    secret = agent.token.removeprefix("trt_")
    log = mcp.log.read_text()
    assert secret not in log
    assert secret[:12] not in log
    assert word not in log


def test_a_token_in_an_address_lets_nobody_in(mcp: Served, agent: Agent) -> None:
    for path in (f"/mcp?token={agent.token}", f"/mcp?access_token={agent.token}"):
        answer = httpx.post(f"http://localhost:{mcp.port}{path}", content=PING)
        assert answer.status_code == 401


def test_keys_reused_at_once_for_other_words_write_one_note(agent: Agent) -> None:
    said = at_once(lambda number: agent.note(f"Words {number}."))

    assert sorted(answer.status for answer in said) == ["conflict"] * 7 + ["done"]
    assert len({answer.action for answer in said}) == 1
    assert Activity.objects.filter(deal=agent.deal).count() == 1


def test_one_key_at_once_is_one_call(agent: Agent) -> None:
    said = at_once(lambda _number: agent.note("Words."))

    assert said == [said[0]] * AT_ONCE
    assert (said[0].status, said[0].codes) == (Status.DONE, ())
    assert Activity.objects.filter(deal=agent.deal).count() == 1


def test_the_same_words_at_once_under_fresh_keys_write_one_note(agent: Agent) -> None:
    said = at_once(lambda number: agent.note("Words.", key=f"k{number}"))

    assert len({answer.action for answer in said}) == 1
    assert Activity.objects.filter(deal=agent.deal).count() == 1


def test_what_others_have_is_answered_and_looked_for_like_what_nobody_has(agent: Agent) -> None:
    other = an_agent()
    theirs = other.note("Theirs.")
    assert theirs.action is not None

    def asked(deal: str, action: str) -> list[tuple[dict[str, Any], int]]:
        return [
            seen(lambda: agent.read("read_lead", {"deal": deal})),
            seen(lambda: agent.propose("crm.read_lead", {"deal": deal}, key=new_reference("k"))),
            seen(lambda: agent.propose("crm.add_note", {"deal": deal, "text": "x"}, key=f"{deal}")),
            seen(lambda: agent.get_action(action)),
        ]

    nobodys = asked(new_reference("deal"), new_reference("call"))
    assert asked(other.deal.reference, theirs.action) == nobodys
    assert {tuple(said["codes"]) for said, _ in nobodys} == {("not_found",)}
    assert Activity.objects.filter(deal=other.deal).count() == 1


def seen(work: Callable[[], Answer]) -> tuple[dict[str, Any], int]:
    """Return what is answered, but for its name, and after how many statements."""
    with CaptureQueriesContext(connection) as captured:
        said = work().as_content()
    return {**said, "action": None}, len(captured)


@pytest.mark.parametrize(("tool", "arguments"), EACH_TOOL)
def test_another_runs_code_is_refused_by_every_tool_and_written_down(
    mcp: Served, agent: Agent, tool: str, arguments: dict[str, Any]
) -> None:
    code = an_agent().credential.run_code

    said = call(mcp, NEW, agent.token, tool, run=code, **arguments)

    assert said.get("codes") == ["wrong_run"]
    [written] = ToolCall.objects.all()
    assert (written.grant_id, written.run_ref, written.asked) == (None, "", "")


@pytest.mark.parametrize(("tool", "arguments"), EACH_TOOL)
@override_settings(RUN_CALLS_PER_MINUTE_MAX=0)
def test_every_tool_is_counted(agent: Agent, tool: str, arguments: dict[str, Any]) -> None:
    asked = Calls(Threads(1)).call(agent.credential, tool, arguments)
    said = ThreadPoolExecutor(1).submit(asyncio.run, asked).result()  # this thread may have a loop

    assert said.get("codes") == ["too_many"]
    assert not ToolCall.objects.exists()


def test_what_is_only_refused_is_refused_in_the_same_words_again(agent: Agent) -> None:
    first = agent.propose("revenue.refund", {})

    assert first.result is not None
    assert agent.propose("revenue.refund", {}) == first


def test_a_token_is_no_key(agent: Agent) -> None:
    """People see keys on pages."""
    assert agent.note("x", key=agent.token).codes == (Code.MALFORMED,)
    assert agent.note("x", key=f"n:{agent.token}").codes == (Code.MALFORMED,)


def test_the_hash_of_a_token_cannot_be_replaced_unseen(agent: Agent) -> None:
    assert compare_rows().counts == {}
    with rewriting(RunToken):
        RunToken.objects.update(token_sha256="0" * 64)
    assert compare_rows().counts


@eras
def test_no_header_opens_a_gate_or_another_mode(mcp: Served, era: str) -> None:
    live = an_agent(mode="live")
    call = {
        "operation": "revenue.prepare_payment_link",
        "arguments": {"deal": live.deal.reference},
        "key": "k",
    }
    body = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "propose_action", "arguments": call, "_meta": META},
    }
    names = {"mcp_method": "tools/call", "mcp_name": "propose_action"} if era == NEW else {}

    answer = post(
        mcp,
        json.dumps(body).encode(),
        token=live.token,
        mcp_protocol_version=era,
        **names,
        **dict.fromkeys(("live_spend", "live_outreach", "x_live_outreach", "x_test"), "1"),
        trinity_mode="sandbox",
        x_trinity_mode="sandbox",
        x_mode="sandbox",
    )

    said = answer.json()["result"]["structuredContent"]
    assert said["status"] == "denied"
    assert said["codes"][:2] == ["gate_closed", "not_ready"]


META: Final = {
    "io.modelcontextprotocol/protocolVersion": NEW,
    "io.modelcontextprotocol/clientInfo": {"name": "a test", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
