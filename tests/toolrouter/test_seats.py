"""A seat lets its holder act in one run, and only as that run."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from kernel.references import new_reference
from ledger import rows
from ledger.models import LedgerEntry
from tests.factories.toolrouter import OWNER
from tests.toolrouter.agents import Agent, an_agent, database_now
from toolrouter import operations
from toolrouter.enums import RunKind, Scope
from toolrouter.floods import DEAD_TOKEN_CALLS_PER_MINUTE
from toolrouter.mcp.calls import _answer
from toolrouter.mcp.tools import offered, offered_on_a_seat
from toolrouter.models import CallCount, Seat, SeatBinding, ToolCall
from toolrouter.operations import BoundSeat
from toolrouter.queries import SeatPass, seat_of, seats_now
from toolrouter.usecases.authenticate import authenticate
from toolrouter.usecases.make_seats import MadeSeat, make_seats
from toolrouter.usecases.note_listing import note_listing
from toolrouter.usecases.stop import stop

pytestmark = pytest.mark.django_db


def seats(lanes: int = 1, *, have_listed: bool = True) -> list[MadeSeat]:
    made = make_seats(lanes=lanes, actor_id=None, now=database_now())
    for seat in made if have_listed else []:
        note_listing(shown(seat))
    return made


def shown(seat: MadeSeat) -> SeatPass:
    found = authenticate(seat.token)
    assert isinstance(found, SeatPass)
    return found


def differences() -> list[Any]:
    """Return what the books find of seats, within the test's own transaction."""
    [compared] = [each for each in rows.comparisons() if "toolrouter_seat " in each.sql]
    with connection.cursor() as cursor:
        cursor.execute(compared.sql)
        return cursor.fetchall()


def bind(agent: Agent) -> BoundSeat | None:
    return operations.bind_seat(agent.run_ref, now=database_now())


def call(seat: MadeSeat, tool: str, arguments: dict[str, Any], run: object) -> dict[str, Any]:
    named = arguments if run is None else {**arguments, "run": run}
    return _answer(shown(seat), tool, dict(named))


def read_lead(seat: MadeSeat, agent: Agent, run: object) -> dict[str, Any]:
    return call(seat, "read_lead", {"deal": agent.deal.reference}, run)


def test_on_a_seat_the_run_that_it_serves_acts() -> None:
    agent = an_agent()
    (seat,) = seats()

    bound = bind(agent)
    answer = read_lead(seat, agent, agent.credential.run_code)

    assert bound is not None
    assert (bound.lane, bound.run_code) == ("lane1", agent.credential.run_code)
    assert answer["status"] == "done"
    assert ToolCall.objects.get().credential_ref == Seat.objects.get().reference
    assert [(row.run_ref, row.is_waiting) for row in seats_now()] == [(agent.run_ref, False)]
    assert differences() == []


@pytest.mark.parametrize("run", [None, "", "ZZZZ", 7], ids=repr)
def test_a_call_that_does_not_name_its_run_is_recorded_for_nobody(run: object) -> None:
    agent = an_agent()
    (seat,) = seats()
    bind(agent)

    answer = read_lead(seat, agent, run)

    assert (answer["status"], answer["codes"]) == ("denied", ["wrong_run"])
    row = ToolCall.objects.get(reference=answer["action"])
    assert (row.grant, row.run_ref, row.asked) == (None, "", "")
    assert LedgerEntry.objects.get(subject=row.reference).refs == [row.credential_ref]
    assert differences() == []


def test_a_late_call_of_yesterdays_run_does_nothing_in_todays() -> None:
    yesterday, today = an_agent(), an_agent()
    (seat,) = seats()
    bound = bind(yesterday)
    assert bound is not None
    operations.free_seat(bound.binding_ref, now=database_now())
    bind(today)
    note = {"operation": "crm.add_note", "key": "k1"}
    note |= {"arguments": {"deal": today.deal.reference, "text": "Late."}}  # type: ignore[dict-item]  # JSON

    late = call(seat, "propose_action", note, yesterday.credential.run_code)
    now = call(seat, "propose_action", note, today.credential.run_code)

    assert (late["codes"], now["status"]) == (["wrong_run"], "done")
    assert ToolCall.objects.exclude(grant=None).get().reference == now["action"]


def test_a_flood_of_late_calls_takes_nothing_from_the_run_that_is_served() -> None:
    agent = an_agent()
    (seat,) = seats()
    bind(agent)
    at = shown(seat)

    said = [_answer(at, "read_lead", {"run": "OLD1"}) for _ in range(20)]

    assert {answer["codes"][0] for answer in said} == {"wrong_run"}
    assert ToolCall.objects.count() == DEAD_TOKEN_CALLS_PER_MINUTE
    assert CallCount.objects.count() == 0


def test_a_seat_that_serves_nobody_is_answered_in_words() -> None:
    agent = an_agent()
    (seat,) = seats()

    answer = read_lead(seat, agent, agent.credential.run_code)

    assert (answer["status"], answer["codes"]) == ("denied", ["wrong_run"])


def test_a_seat_that_was_made_anew_is_known_and_dead() -> None:
    agent = an_agent()
    (old,) = seats()
    bind(agent)

    (new,) = seats()
    answer = read_lead(old, agent, agent.credential.run_code)

    assert answer["codes"] == ["wrong_run", "revoked"]
    assert read_lead(new, agent, agent.credential.run_code)["codes"] == ["wrong_run"]
    assert (seat_of("trt_seat_x"), bind(agent) is None) == (None, False)
    assert differences() == []


@pytest.mark.parametrize("scope", Scope)
def test_a_stop_closes_it_for_good(scope: Scope) -> None:
    agent = an_agent()
    (seat,) = seats()
    bind(agent)
    credential = agent.credential
    ref = {"account": "", "project": credential.project_ref, "run": agent.run_ref}[scope]

    stop(scope=scope, ref=ref, by=OWNER, now=database_now())

    assert read_lead(seat, agent, credential.run_code)["codes"] == ["stopped"]
    assert SeatBinding.objects.get().closed_at is not None
    assert [row.is_waiting for row in seats_now()] == [True]
    assert differences() == []


def test_a_seat_whose_old_run_may_go_on_serves_nobody_else() -> None:
    first, second = an_agent(), an_agent()
    (seat,) = seats()
    bound = bind(first)
    assert bound is not None

    operations.close_seat(bound.binding_ref, now=database_now())

    assert bind(second) is None
    assert read_lead(seat, first, first.credential.run_code)["codes"] == ["revoked"]
    operations.free_seat(bound.binding_ref, now=database_now())
    assert bind(second) is not None
    assert differences() == []


def test_only_a_seat_whose_holder_listed_our_tools_is_bound() -> None:
    agent = an_agent()
    (seat,) = seats(have_listed=False)

    assert bind(agent) is None
    note_listing(shown(seat))
    assert bind(agent) is not None


def test_each_run_gets_a_seat_of_its_own() -> None:
    agents = [an_agent() for _ in range(3)]
    seats(2)

    bound = [bind(agent) for agent in agents]

    assert [each.lane if each else None for each in bound] == ["lane1", "lane2", None]


def test_the_database_refuses_a_second_run_on_a_seat_and_a_second_seat_of_a_run() -> None:
    first, second = an_agent(), an_agent()
    seats(2)
    bind(first)
    taken = SeatBinding.objects.get()
    free = Seat.objects.exclude(pk=taken.seat_id).get()
    others = {
        "seat_serves_one_run": {"seat": taken.seat, "grant_id": second.credential.grant_id},
        "seat_of_a_run_is_one": {"seat": free, "grant_id": first.credential.grant_id},
    }
    for name, fields in others.items():
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            SeatBinding.objects.create(
                reference=new_reference("bnd"), bound_at=database_now(), **fields
            )


def test_its_list_of_tools_is_one_whatever_it_serves_and_each_asks_for_the_run() -> None:
    tools = offered_on_a_seat()

    assert {tool.name for kind in RunKind for tool in offered(kind)} <= {t.name for t in tools}
    assert all(tool.input_schema["required"][0] == "run" for tool in tools)
    assert tools is offered_on_a_seat()


def test_what_the_run_may_not_have_is_refused_when_it_is_called() -> None:
    agent = an_agent(kind=RunKind.TRIAL)
    (seat,) = seats()
    bind(agent)
    link = {"operation": "revenue.prepare_payment_link", "key": "k1"}
    link |= {"arguments": {"deal": agent.deal.reference}}  # type: ignore[dict-item]  # JSON

    answer = call(seat, "propose_action", link, agent.credential.run_code)

    assert "not_granted" in answer["codes"]


def test_its_use_is_noted_once_a_minute_and_its_listing_once() -> None:
    (seat,) = seats()
    shown(seat)
    with CaptureQueriesContext(connection) as captured:
        again = shown(seat)
        note_listing(again)

    assert len(captured) == 1
    row = Seat.objects.get()
    assert row.last_used_at is not None
    assert row.listed_at is not None
    assert row.made_at <= row.listed_at <= row.made_at + timedelta(minutes=1)
