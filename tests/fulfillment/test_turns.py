"""A turn is handed over once, looked for where nobody knows, and its seat freed when it is over."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from fulfillment.enums import TurnPurpose
from fulfillment.exchanges.readiness import check
from fulfillment.exchanges.turns import LOST_AFTER, SEEN_WITHIN, tend_turns
from fulfillment.models import RuntimeStatus, Turn
from fulfillment.operations import open_turn, stop_turn
from fulfillment.policy import TURN_LASTS
from fulfillment.ports import (
    Fault,
    RuntimeAway,
    RuntimeBusy,
    RuntimeRefused,
    RuntimeUnsure,
    Status,
    Work,
)
from tests.factories.fulfillment import planned_run
from tests.factories.toolrouter import OWNER
from tests.toolrouter.agents import database_now
from toolrouter.enums import Scope
from toolrouter.models import SeatBinding
from toolrouter.queries import seat_of, seats_now
from toolrouter.usecases.make_seats import make_seats
from toolrouter.usecases.note_listing import note_listing
from toolrouter.usecases.stop import stop

pytestmark = pytest.mark.django_db


@dataclass
class Double:
    """A runtime that says what it is told to, and writes down what it is asked."""

    asked: list[tuple[str, ...]] = field(default_factory=list)
    now: dict[str, Work] = field(default_factory=dict)
    raises: dict[str, Exception] = field(default_factory=dict)
    says: list[Fault] = field(default_factory=list)
    tokens: int = 10

    def _note(self, *asked: str) -> None:
        self.asked.append(asked)
        if problem := self.raises.get(asked[0]):
            raise problem

    def faults(self) -> list[Fault]:
        self._note("faults")
        return self.says

    def start(self, *, lane: str, session: str, words: str) -> str:
        self._note("start", lane, session, words)
        self.now[session] = Work.GOING
        return f"run_{session}"

    def is_known(self, session: str, *, lane: str) -> bool:
        self._note("is_known", session, lane)
        return session in self.now

    def status(self, runtime_id: str, *, session: str, lane: str) -> Status:
        self._note("status", runtime_id, lane)
        return Status(work=self.now.get(session, Work.GONE), tokens=self.tokens)

    def stop(self, runtime_id: str) -> None:
        self._note("stop", runtime_id)
        self.now[runtime_id.removeprefix("run_")] = Work.CANCELLED

    def forget(self, session: str, *, lane: str) -> None:
        self._note("forget", session, lane)

    def count(self, what: str) -> int:
        return sum(asked[0] == what for asked in self.asked)


@dataclass
class Clock:
    """The database's clock, and what was added to it."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return database_now() + self.ahead


@dataclass
class Bench:
    """One run with a turn, a runtime, and the sweep."""

    runtime: Double
    clock: Clock
    turn: Turn

    def sweep(self, *, after: timedelta = timedelta(seconds=3)) -> Turn:
        self.clock.ahead += after
        RuntimeStatus.objects.update(noted_at=self.clock())
        tend_turns(self.runtime, clock=self.clock)
        self.turn.refresh_from_db()
        return self.turn


def seats(lanes: int = 1) -> None:
    for made in make_seats(lanes=lanes, actor_id=None, now=database_now()):
        seat = seat_of(made.token)
        assert seat is not None
        note_listing(seat)


@pytest.fixture
def bench() -> Bench:
    run = planned_run(now=database_now())
    seats()
    runtime = Double()
    check(runtime, now=database_now())
    open_turn(run, purpose=TurnPurpose.PLAN, now=database_now())
    return Bench(runtime=runtime, clock=Clock(), turn=Turn.objects.get())


def test_it_is_handed_over_by_code_asked_after_and_cleared_up(bench: Bench) -> None:
    handed = bench.sweep()
    assert (handed.state, handed.lane) == ("running", "lane1")
    code = seats_now()[0].run_code
    started = next(asked for asked in bench.runtime.asked if asked[0] == "start")
    assert started[1:] == ("lane1", handed.reference, f"Run {code}: call read_task first.")

    bench.runtime.now[handed.reference] = Work.COMPLETED
    ended = bench.sweep()

    assert (ended.state, ended.outcome, ended.tokens) == ("ended", "completed", 10)
    assert ended.cleared_at is not None
    assert bench.runtime.count("forget") == 1
    assert seats_now()[0].run_ref == ""


def test_without_a_seat_it_waits(bench: Bench) -> None:
    make_seats(lanes=1, actor_id=None, now=database_now())  # nobody listed our tools on it

    assert bench.sweep().state == "queued"
    assert bench.runtime.count("start") == 0


@pytest.mark.parametrize(
    ("fault", "status"), [(Fault(code="toolset", about="terminal"), "refused"), (None, "away")]
)
def test_a_runtime_that_is_not_as_it_must_be_gets_nothing(
    bench: Bench, fault: Fault | None, status: str
) -> None:
    if fault:
        bench.runtime.says = [fault]
    else:
        bench.runtime.raises["faults"] = RuntimeAway()
    check(bench.runtime, now=database_now())

    assert bench.sweep().state == "queued"
    row = RuntimeStatus.objects.get()
    assert row.status == status
    assert row.faults == ([{"code": "toolset", "about": "terminal"}] if fault else [])


def test_lanes_that_did_not_list_our_tools_are_named(bench: Bench) -> None:
    make_seats(lanes=2, actor_id=None, now=database_now())

    check(bench.runtime, now=database_now())

    assert [fault["about"] for fault in RuntimeStatus.objects.get().faults] == ["lane1", "lane2"]


@pytest.mark.parametrize("problem", [RuntimeAway(), RuntimeBusy()], ids=repr)
def test_what_did_not_reach_it_is_handed_over_later(bench: Bench, problem: Exception) -> None:
    bench.runtime.raises["start"] = problem
    assert bench.sweep().state == "sending"
    bench.runtime.raises.clear()

    assert bench.sweep().state == "running"
    assert bench.runtime.count("start") == 2


def test_a_refusal_ends_it(bench: Bench) -> None:
    bench.runtime.raises["start"] = RuntimeRefused("key_refused")

    assert bench.sweep().outcome == "not_sent"
    assert seats_now()[0].run_ref == ""


def test_an_answer_that_never_came_is_looked_for_and_not_sent_again(bench: Bench) -> None:
    bench.runtime.raises["start"] = RuntimeUnsure()

    assert bench.sweep().state == "unknown"
    assert bench.sweep().state == "unknown"
    ended = bench.sweep(after=SEEN_WITHIN)

    assert (ended.state, ended.outcome) == ("ended", "not_sent")
    assert bench.runtime.count("start") == 1


def test_one_that_was_begun_under_no_name_keeps_its_seat_until_it_is_over(bench: Bench) -> None:
    bench.runtime.raises["start"] = RuntimeUnsure()
    bench.sweep()
    bench.runtime.now[bench.turn.reference] = Work.GOING

    ended = bench.sweep(after=LOST_AFTER)

    assert (ended.state, ended.outcome, ended.cleared_at) == ("ended", "lost", None)
    assert [row.is_waiting for row in seats_now()] == [True]
    del bench.runtime.now[bench.turn.reference]
    assert bench.sweep(after=timedelta(minutes=1)).cleared_at is not None
    assert seats_now()[0].run_ref == ""


def test_a_worker_that_died_while_it_handed_over_does_not_make_two_of_it(bench: Bench) -> None:
    bench.runtime.raises["start"] = KeyboardInterrupt()  # type: ignore[assignment]  # it died
    with pytest.raises(KeyboardInterrupt):
        bench.sweep()
    bench.runtime.raises.clear()

    found = bench.sweep(after=timedelta(minutes=1))

    assert found.state == "unknown"
    assert bench.runtime.count("start") == 1


def test_a_status_that_is_lost_is_unknown_and_found_again(bench: Bench) -> None:
    bench.sweep()
    bench.runtime.raises["status"] = RuntimeUnsure()
    assert bench.sweep().state == "unknown"
    bench.runtime.raises.clear()

    assert bench.sweep().state == "running"


def test_a_runtime_that_was_killed_has_lost_it(bench: Bench) -> None:
    bench.sweep()
    bench.runtime.now.clear()

    ended = bench.sweep()

    assert (ended.outcome, ended.cleared_at is not None) == ("lost", True)
    assert SeatBinding.objects.get().freed_at is not None


def test_one_that_does_not_answer_for_minutes_is_lost_and_its_seat_waits(bench: Bench) -> None:
    bench.sweep()
    for name in ("status", "stop", "forget"):
        bench.runtime.raises[name] = RuntimeAway()
    bench.sweep()

    ended = bench.sweep(after=LOST_AFTER)

    assert (ended.outcome, ended.cleared_at) == ("lost", None)
    assert [row.is_waiting for row in seats_now()] == [True]


@pytest.mark.parametrize("bound", ["time", "tokens", "asked"])
def test_at_its_bounds_it_is_stopped_and_the_bound_is_named(bench: Bench, bound: str) -> None:
    bench.sweep()
    if bound == "tokens":
        bench.runtime.tokens = 10**9
        bench.sweep()
    if bound == "asked":
        stop(scope=Scope.ACCOUNT, ref="", by=OWNER, now=database_now())

    ended = bench.sweep(after=TURN_LASTS if bound == "time" else timedelta(seconds=3))

    assert (ended.stop_reason, ended.outcome) == (bound, "cancelled")
    assert bench.runtime.count("stop") == 1


def test_a_turn_that_nobody_began_is_stopped_at_once(bench: Bench) -> None:
    assert stop_turn(bench.turn.run, now=database_now())

    bench.turn.refresh_from_db()
    assert (bench.turn.state, bench.turn.stop_reason) == ("ended", "asked")
    assert not stop_turn(bench.turn.run, now=database_now())


def test_one_that_runs_is_stopped_by_the_sweep(bench: Bench) -> None:
    bench.sweep()
    assert stop_turn(bench.turn.run, now=database_now())

    ended = bench.sweep()

    assert (ended.stop_reason, ended.outcome) == ("asked", "cancelled")
