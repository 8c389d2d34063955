"""One agent's calls at the same moment: one call for one key, and none after a stop."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from crm.models import Activity
from ledger.models import LedgerEntry
from tests.races.test_one_payment_many_entry_points import together
from tests.toolrouter.agents import Agent, an_agent, database_now
from toolrouter.enums import Scope
from toolrouter.models import CallCount, Grant, SafetySettings, ToolCall
from toolrouter.models.stoppable import Stoppable
from toolrouter.operations.changes import By
from toolrouter.operations.locking import lock_settings
from toolrouter.queries import safety_of
from toolrouter.usecases.stop import stop
from toolrouter.vocabulary import Code, Status

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.races]

AT_ONCE = 8


@pytest.fixture
def agent() -> Agent:
    return an_agent()


def test_the_same_key_and_question_many_times_at_once_is_one_call(agent: Agent) -> None:
    answers = together(*[lambda: agent.note("Once.")] * AT_ONCE)

    assert answers == [answers[0]] * AT_ONCE
    assert answers[0].status == Status.DONE
    assert Activity.objects.filter(kind="agent_note").count() == 1
    assert ToolCall.objects.count() == 1
    assert LedgerEntry.objects.filter(kind="tool").count() == 1
    assert sum(CallCount.objects.values_list("calls", flat=True)) == AT_ONCE


def test_the_same_key_for_many_questions_at_once_is_one_call_and_conflicts(agent: Agent) -> None:
    def ask(number: int) -> Any:
        return agent.note(f"Text {number}.")

    answers = together(*[lambda number=number: ask(number) for number in range(AT_ONCE)])

    assert Counter(answer.status for answer in answers) == {
        Status.DONE: 1, Status.CONFLICT: AT_ONCE - 1,
    }  # fmt: skip
    assert len({answer.action for answer in answers}) == 1
    assert Activity.objects.filter(kind="agent_note").count() == 1


def test_when_a_stop_is_said_nothing_more_is_done(agent: Agent) -> None:
    is_stopped = threading.Event()

    def keep_writing(writer: int) -> list[Any]:
        answers = []
        with closing(connection):
            while len(answers) < 40 and not (is_stopped.is_set() and len(answers) > 3):
                answers.append(
                    agent.note(f"Note {writer} {len(answers)}.", key=f"{writer}-{len(answers)}")
                )
        return answers

    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(keep_writing, writer) for writer in range(4)]
        while not Activity.objects.filter(kind="agent_note").exists():
            pass
        stop(
            scope=Scope.RUN,
            ref=agent.run_ref,
            by=By(actor_id=None, reason="Enough."),
            now=database_now(),
        )
        written = Activity.objects.filter(kind="agent_note").count()
        is_stopped.set()
        answers = [answer for each in writing for answer in each.result(timeout=60)]

    assert Activity.objects.filter(kind="agent_note").count() == written
    assert {answer.codes for answer in answers if answer.status == Status.DENIED} <= {
        (Code.STOPPED,),
        (Code.TOO_MANY,),
    }
    assert agent.note("After.", key="after").codes[0] == Code.STOPPED


def closed_after(look: Callable[[Any], bool], *each: Any) -> list[bool]:
    with closing(connection):
        return [look(one) for one in each]


def test_account_project_and_run_are_locked_one_after_the_other(agent: Agent) -> None:
    """While the project is held by somebody, the account is shared already and the run is free."""
    grant = Grant.objects.get(run_ref=agent.run_ref)
    is_locked = threading.Event()

    def decide() -> None:
        with closing(connection), transaction.atomic():
            safety_of(grant.pk, lock=True)
            is_locked.set()

    def is_free(model: type[Stoppable]) -> bool:
        try:
            with transaction.atomic():
                list(model._default_manager.select_for_update(nowait=True, no_key=True))
        except OperationalError:
            return False
        return True

    def waits() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            return bool(cursor.fetchone()[0])

    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            lock_settings(Scope.PROJECT, grant.project_ref)
            deciding = pool.submit(decide)
            while not waits():
                assert not deciding.done()
            free = pool.submit(closed_after, is_free, SafetySettings, Grant).result()
        deciding.result(timeout=20)

    assert (free, is_locked.is_set()) == ([False, True], True)
