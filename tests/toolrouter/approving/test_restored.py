"""A database that is older than what was done: it finds out by itself, and calls nothing."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection

from approvals.enums import RequestState, Why
from crm.enums import DealStage
from ledger import providers
from ledger.models import LedgerEntry, Seal
from ledger.usecases.begin_log import begin_log
from revenue.models import PaymentLink
from tests.factories.people import client_of, make_person
from tests.ledger.conftest import _seal_files
from tests.ledger.entries import paid, seal
from tests.outside import lose_next_answer
from tests.sandbox.running_sandbox import RunningSandbox
from tests.toolrouter.agents import Agent, an_agent, database_now
from tests.toolrouter.approving.deciding import (
    approve,
    ask_for_link,
    at,
    at_stripe,
    call_of,
    findings,
    request_of,
    run_at,
    sql_past_us,
    the_link,
)
from toolrouter.answers import Answer
from toolrouter.enums import CallState, IncidentKind, Scope
from toolrouter.exchanges.claim import claim
from toolrouter.exchanges.lost import look_for_lost
from toolrouter.exchanges.starts import compare_start, watch_chain
from toolrouter.models import DatabaseStart, Incident, SafetySettings, ToolCall
from toolrouter.operations.changes import By
from toolrouter.timing import ABSENT_FOR, CALL_DEADLINE
from toolrouter.usecases.tend_incident import close_incident
from toolrouter.vocabulary import Code, Status

__all__ = ["_seal_files"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pages_use_outside")]


@pytest.fixture(autouse=True)
def _published(_seal_files: None) -> None:
    """Three seals, and their heads outside; the database was compared with them."""
    for _ in range(3):
        paid()
        seal()
    assert compare_start(now=database_now())


def restart() -> None:
    """As if the server had been started anew since the comparison."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE toolrouter_databasestart SET server_started_at = server_started_at"
            " - interval '1 day' RETURNING xmin::text::bigint"
        )
        cursor.execute("UPDATE toolrouter_databasestart SET written_by = %s", cursor.fetchone())


def reload() -> None:
    """As if the rows had been loaded from a backup: another transaction wrote them."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE toolrouter_databasestart SET written_by = written_by - 1")


def lose_a_seal() -> None:
    """As in a backup from before the last seal."""
    sql_past_us("ledger_seal", "DELETE FROM {} WHERE number = 3")


def restored() -> Incident:
    return Incident.objects.get(kind=IncidentKind.RESTORE)


def test_after_a_start_nothing_is_claimed_before_the_chain_was_compared(
    operator: User, answer: Answer, outside: RunningSandbox, settings: Any
) -> None:
    moment, log = approve(answer, operator), settings.SEALS_LOG.read_bytes()
    restart()
    settings.SEALS_LOG.unlink()

    claimed = [run_at(moment), int(claim(answer.action or "", now=moment))]

    assert (claimed, call_of(answer).state) == ([0, 0], CallState.APPROVED)
    assert (at_stripe(outside), list(outside.client().products.list().data)) == ([], [])
    settings.SEALS_LOG.write_bytes(log)
    assert (run_at(moment), call_of(answer).state) == (1, CallState.DONE)
    assert not Incident.objects.exists()


def test_a_restart_alone_holds_nothing(operator: User, answer: Answer) -> None:
    moment = approve(answer, operator)
    restart()

    assert run_at(moment) == 1

    assert (call_of(answer).state, Incident.objects.count()) == (CallState.DONE, 0)
    assert DatabaseStart.objects.get().compared_at == moment


@pytest.mark.parametrize("is_approved", [True, False])
def test_a_shorter_chain_holds_the_account_and_nothing_is_called(
    is_approved: bool, agent: Agent, operator: User, answer: Answer, outside: RunningSandbox
) -> None:
    moment = approve(answer, operator) if is_approved else database_now()
    lost = Seal.objects.get(number=3)
    lose_a_seal()
    restart()

    assert (compare_start(now=moment), run_at(moment)) == (True, 0)

    incident, request, call = restored(), request_of(answer), call_of(answer)
    assert (incident.scope, incident.opened_by) == ("account", None)
    assert incident.reason == (
        "Seal 3 was published, and the database does not have it: up to"
        f" {lost.last_position - lost.first_position + 1} ledger entries are missing."
    )
    page = client_of(operator).get(f"/console/incidents/{incident.reference}/")
    assert "Manual purchases are not: ask whoever buys" in page.content.decode()
    assert SafetySettings.objects.get().held_at == moment
    assert (request.state, request.why_closed) == (RequestState.EXPIRED, Why.RESTORED)
    assert (call.state, call.claimed_at, call.restored_at) == (CallState.UNKNOWN, None, moment)
    assert agent.get_action(answer.action).status == Status.UNKNOWN
    assert at_stripe(outside) == []
    assert findings() == []


def test_what_was_not_done_after_the_backup_fails_when_it_was_absent_twice(
    agent: Agent, operator: User, answer: Answer, outside: RunningSandbox
) -> None:
    moment = approve(answer, operator)
    reload()
    run_at(moment)
    first = moment + CALL_DEADLINE + ABSENT_FOR

    for asked_at in (moment, first, first + ABSENT_FOR):
        assert call_of(answer).state == CallState.UNKNOWN
        look_for_lost(clock=at(asked_at))

    assert call_of(answer).state == CallState.FAILED
    assert (at_stripe(outside), PaymentLink.objects.count(), findings()) == ([], 0, [])


def test_a_database_loaded_from_a_backup_is_held_though_the_heads_agree(
    operator: User, answer: Answer, outside: RunningSandbox
) -> None:
    """What was done after the last seal shows in no head."""
    moment = approve(answer, operator)
    reload()

    assert run_at(moment) == 0

    assert restored().reason == "The database was loaded from a backup."
    assert (call_of(answer).state, at_stripe(outside)) == (CallState.UNKNOWN, [])
    assert findings() == []


def test_it_is_held_once_and_goes_on_when_an_owner_has_closed_it(
    agent: Agent, operator: User, answer: Answer, outside: RunningSandbox
) -> None:
    lose_a_seal()
    restart()
    now = database_now()
    assert [compare_start(now=now), watch_chain(now=now), compare_start(now=now)] == [True] * 3
    assert agent.note("Meanwhile.", key="meanwhile").codes == (Code.HOLD,)

    owner = By(actor_id=make_person("owner").pk, reason="Restored on Monday; all was looked for.")
    close_incident(incident_ref=restored().reference, by=owner, now=now)
    other = an_agent(stage=DealStage.QUALIFIED, offer_id=agent.deal.offer_id)
    asked = ask_for_link(other)
    moment = approve(asked, operator)

    assert (watch_chain(now=moment), run_at(moment)) == (True, 1)
    assert (call_of(asked).state, len(at_stripe(outside))) == (CallState.DONE, 1)
    assert Incident.objects.count() == 1


def test_a_machine_that_was_set_back_while_it_ran_is_found_by_the_sweep() -> None:
    lose_a_seal()
    now = database_now()
    assert (compare_start(now=now), Incident.objects.exists()) == (True, False)

    watch_chain(now=now)

    assert restored().opened_at == now


def test_a_new_log_proves_nothing_about_the_time_before_it(settings: Any) -> None:
    settings.SEALS_LOG.rename(settings.SEALS_LOG.with_name("seals.log.older"))
    begin_log(sink=providers.head_sink(), now=database_now())
    restart()

    assert compare_start(now=database_now())

    assert restored().reason.startswith("A new seals log was begun")


def test_a_log_that_is_begun_while_the_database_runs_holds_nothing(settings: Any) -> None:
    settings.SEALS_LOG.rename(settings.SEALS_LOG.with_name("seals.log.older"))
    begin_log(sink=providers.head_sink(), now=database_now())

    assert watch_chain(now=database_now())
    restart()
    assert compare_start(now=database_now())

    assert not Incident.objects.exists()


def test_a_person_may_say_that_it_was_restored(
    operator: User, answer: Answer, outside: RunningSandbox, settings: Any
) -> None:
    moment = approve(answer, operator)
    restart()
    settings.SEALS_LOG.unlink()

    call_command("after_restore", "--reason", "From Sunday's backup.", stdout=StringIO())

    assert (restored().reason, restored().scope) == ("From Sunday's backup.", Scope.ACCOUNT)
    assert (run_at(moment), call_of(answer).state) == (0, CallState.UNKNOWN)
    assert (request_of(answer).why_closed, at_stripe(outside)) == (Why.RESTORED, [])
    assert findings() == []


def test_what_was_being_done_is_looked_for_and_found(
    operator: User, answer: Answer, outside: RunningSandbox
) -> None:
    moment = approve(answer, operator)
    lose_next_answer(outside, "/v1/payment_links")
    run_at(moment)
    executing_again = "UPDATE {} SET state = 'executing', unknown_at = NULL"
    sql_past_us("toolrouter_toolcall", executing_again)
    reload()

    compare_start(now=moment)
    call = ToolCall.objects.get()
    assert (call.state, call.restored_at, call.claimed_at) == (CallState.UNKNOWN, moment, moment)
    look_for_lost(clock=at(moment))

    assert (call_of(answer).state, len(at_stripe(outside))) == (CallState.DONE, 1)
    assert the_link().stripe_id == at_stripe(outside)[0].id


def test_a_call_that_says_it_was_restored_and_was_not_is_found(
    operator: User, answer: Answer
) -> None:
    approve(answer, operator)
    reload()
    compare_start(now=database_now())
    assert findings() == []

    sql_past_us(
        "toolrouter_toolcall", "UPDATE {} SET restored_at = restored_at + interval '1 second'"
    )

    assert "it is said to be restored, and no restore says so" in [says for _, says in findings()]


def test_a_new_log_is_in_the_books(settings: Any) -> None:
    settings.SEALS_LOG.unlink()
    settings.SEALS_LOG.with_name("seals.log.mark").unlink()

    assert begin_log(sink=providers.head_sink(), now=database_now()) == 3

    entry = LedgerEntry.objects.get(event="seals_log.begun_anew")
    assert entry.subject == f"key:{Seal.objects.get(number=3).key_id[:16]}"
    assert entry.facts == {"actor": "system"}
