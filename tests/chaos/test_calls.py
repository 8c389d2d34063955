"""What people approved for an agent is done once, whoever dies at whichever step of it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

import httpx
import psycopg
import pytest
from kombu.exceptions import OperationalError

from tests.chaos.shop import Row, Shop, kill, patiently
from tests.chaos.stops import Stop, held_at, make_stops, remove_stops
from trinity.stack.home import ROOT

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

CALL, RECEIPT = "toolrouter_toolcall", "toolrouter_providerreceipt"
CLAIMED, BEGUN, WRITTEN, COMPARED = range(4)
STOPS: Final = (
    Stop("the call is claimed", CALL, "UPDATE", "new.state = 'executing'"),
    Stop("the claim commits", CALL, "UPDATE", "new.state = 'executing'", is_deferred=True),
    Stop("what was made is written", CALL, "UPDATE", "new.state = 'done'"),
    Stop("the receipt is compared", RECEIPT, "UPDATE", "new.state = 'matched'"),
)
LINKS: Final = "/v1/payment_links"
AWAY: Final = (psycopg.OperationalError, OperationalError)  # Postgres is, or Redis
ABSENT_AFTER_MIN: Final = (2, 13, 24)  # past its deadline; ten minutes after that; ten more


@dataclass(frozen=True)
class Desk:
    """Agents that ask, people that answer, and whoever looks for what was lost."""

    shop: Shop
    process: subprocess.Popen[str]

    def say(self, name: str, *given: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([name, *given]) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def ask(self) -> tuple[str, str]:
        call, approval = self.say("ask")
        return call, approval

    def state(self, call: str) -> str:
        [row] = self.shop.rows(f"SELECT state FROM {CALL} WHERE reference = '{call}'")
        return str(row["state"])

    def until(self, call: str, *states: str) -> str:
        """Wait until the call is in one of these states, asking for its sweeps meanwhile."""

        def look() -> str | None:
            try:
                self.shop.sweep_calls()
                state = self.state(call)
            except AWAY:
                return None
            return state if state in states else None

        return patiently(look, what=f"{call} is {states}")

    def links(self, call: str) -> list[Row]:
        links = self.shop.at_stripe("payment_links")
        return [each for each in links if each["metadata"].get("call_ref") == call]


@pytest.fixture(scope="module")
def desk(shop: Shop) -> Iterator[Desk]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.chaos.agents"],
        cwd=ROOT,
        env={**shop.stack.env, "APPROVAL_HOLD_S": "0"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield Desk(shop, process)
    process.kill()
    process.wait()


@pytest.fixture
def _stops(shop: Shop) -> Iterator[None]:
    make_stops(shop, STOPS)
    yield
    remove_stops(shop)


@pytest.mark.usefixtures("_stops")
def test_a_worker_killed_at_each_step_of_a_call(shop: Shop, desk: Desk) -> None:
    calls = [desk.ask() for _ in STOPS]

    for number, (call, approval) in enumerate(calls):
        with held_at(shop, number, STOPS) as held:
            assert desk.say("approve", approval) == "approved"
            held.wait(meanwhile=shop.sweep_calls)
            assert shop.kill_tool_processes(), f"no worker at {STOPS[number].name!r}"
            if number != BEGUN:  # else its COMMIT comes through, and nobody is left to go on
                held.cut_off()
        if number == CLAIMED:
            assert desk.until(call, "done") == "done"  # by the next worker
        assert len(desk.links(call)) == (number != BEGUN)

    claimed, begun, written, compared = (call for call, _approval in calls)
    assert desk.state(begun) == "executing"  # by nobody, ever
    assert desk.state(written) == "executing"
    assert desk.state(compared) == "done"
    for minutes in ABSENT_AFTER_MIN:
        assert desk.links(begun) == []
        desk.say("look", minutes)
    assert desk.state(begun) == "failed"
    assert desk.state(written) == "done"
    assert [len(desk.links(call)) for call, _approval in calls] == [1, 0, 1, 1]
    done = [claimed, written, compared]
    patiently(lambda: _are_compared(shop, done) or None, what="all receipts are compared")


@pytest.mark.usefixtures("_stops")
def test_a_worker_that_sleeps_past_its_deadline_posts_nothing(shop: Shop, desk: Desk) -> None:
    call, approval = desk.ask()
    with ExitStack() as waking:
        with held_at(shop, BEGUN, STOPS) as held:
            desk.say("approve", approval)
            held.wait(meanwhile=shop.sweep_calls)
            for pid in shop.tool_processes():
                kill(pid, signal.SIGSTOP)
                waking.callback(kill, pid, signal.SIGCONT)
        patiently(lambda: desk.state(call) == "executing" or None, what="its claim is committed")
        _let_its_deadline_pass(shop, call)
        for minutes in ABSENT_AFTER_MIN:
            desk.say("look", minutes)
        assert desk.state(call) == "failed"
    later, its_approval = desk.ask()
    desk.say("approve", its_approval)
    desk.until(later, "done")  # they are awake again

    assert (desk.state(call), desk.links(call)) == ("failed", [])
    assert len(desk.links(later)) == 1


@pytest.mark.parametrize(
    ("fault", "made"),
    [
        ({"effect": "timeout_after_success", "hang_ms": 0}, 1),
        ({"effect": "status", "status": 500, "when": "after"}, 1),
        ({"effect": "drop"}, 0),
    ],
    ids=["cut off after success", "500 after success", "cut off before"],
)
def test_an_answer_that_never_came_is_looked_for_and_nothing_is_asked_twice(
    shop: Shop, desk: Desk, fault: Row, made: int
) -> None:
    call, approval = desk.ask()
    shop.control("faults", path=LINKS, method="POST", count=1, **fault)
    desk.say("approve", approval)

    assert desk.until(call, "unknown") == "unknown"
    shop.clear_faults()
    for minutes in ABSENT_AFTER_MIN:
        assert len(desk.links(call)) == made
        desk.say("look", minutes)

    assert (desk.state(call), len(desk.links(call))) == ("done" if made else "failed", made)


def test_nothing_is_lost_or_doubled_while_redis_and_postgres_die(shop: Shop, desk: Desk) -> None:
    stack = shop.stack
    hurts: tuple[Callable[[], object], ...] = (
        shop.flush_redis,
        lambda: stack.wait_for_new("valkey", old_pid=stack.kill("valkey")),
        lambda: stack.wait_for_new(
            "postgres", old_pid=stack.kill("postgres", number=signal.SIGINT)
        ),
    )
    agents = [desk.say("agent") for _ in hurts]
    calls = []
    with ThreadPoolExecutor(1) as pool:
        for hurt, (token, deal) in zip(hurts, agents, strict=True):
            hurting = pool.submit(hurt)
            answer = _propose(shop, token, deal)
            again = _propose(shop, token, deal)  # as an agent does that heard nothing
            assert (answer["status"], again) == ("needs_approval", answer)
            hurting.result()
            calls.append((answer["action"], answer["approval"]))
        for hurt, (_call, approval) in zip(hurts, calls, strict=True):
            assert patiently(lambda: desk.say("approve", approval), what="it is approved")  # noqa: B023  # called at once
            pool.submit(hurt).result()
    for call, _approval in calls:
        desk.until(call, "done")

    assert [len(desk.links(call)) for call, _approval in calls] == [1, 1, 1]


def _let_its_deadline_pass(shop: Shop, call: str) -> None:
    """Do what a minute would: the database's clock is everybody's, and nobody's to set.

    The books find it, as they should.
    """
    shop.moved.add(call)
    with shop.connect(is_owner=True) as database, database.transaction():
        database.execute(f"ALTER TABLE {CALL} DISABLE TRIGGER USER")
        database.execute(
            f"UPDATE {CALL} SET deadline_at = claimed_at WHERE reference = '{call}'".encode()
        )
        database.execute(f"ALTER TABLE {CALL} ENABLE TRIGGER USER")


def _are_compared(shop: Shop, calls: list[str]) -> bool:
    shop.sweep_calls()
    named = ", ".join(f"'{call}'" for call in calls)
    rows = shop.rows(
        f"SELECT r.state FROM {RECEIPT} r JOIN {CALL} c ON c.id = r.call_id"
        f" WHERE c.reference IN ({named})"
    )
    return [row["state"] for row in rows] == ["matched"] * len(calls)


def _propose(shop: Shop, token: str, deal: str) -> Row:
    asked = {
        "operation": "revenue.prepare_payment_link",
        "arguments": {"deal": deal},
        "key": "link",
    }

    def ask() -> Row | None:
        answer = httpx.post(
            f"{shop.stack.env['MCP_URL']}/mcp",
            json={
                "jsonrpc": "2.0",
                "id": 1,
                "method": "tools/call",
                "params": {"name": "propose_action", "arguments": asked},
            },
            headers={
                "authorization": f"Bearer {token}",
                "accept": "application/json, text/event-stream",
                "mcp-protocol-version": "2025-11-25",
            },
            timeout=30,
        )
        result = answer.json().get("result") if answer.status_code == 200 else None
        return dict(result["structuredContent"]) if result and not result.get("isError") else None

    return patiently(ask, what="the agent is answered")
