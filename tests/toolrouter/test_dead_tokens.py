"""A token that lets nobody in is answered in words, and is no lever against its run."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from ledger.models import LedgerEntry
from tests.toolrouter.agents import Agent, an_agent, database_now
from toolrouter.floods import DEAD_TOKEN_CALLS_PER_MINUTE
from toolrouter.models import CallCount, RunToken, ToolCall
from toolrouter.queries import Credential, credential_of
from toolrouter.usecases.get_action import get_action
from toolrouter.usecases.list_capabilities import list_capabilities
from toolrouter.usecases.make_run_token import make_run_token
from toolrouter.usecases.propose import propose
from toolrouter.usecases.read import read
from toolrouter.usecases.revoke_run_token import revoke_run_token
from toolrouter.vocabulary import Code, Status

pytestmark = pytest.mark.django_db
NOON = datetime.fromisoformat("2026-11-30T12:00:00+00:00")


@pytest.fixture
def agent() -> Agent:
    return an_agent()


def credential(token: str) -> Credential:
    """Return it as it stands, within one minute for the whole test."""
    found = credential_of(token)
    assert found is not None
    return replace(found, now=NOON)


@pytest.fixture
def dead(agent: Agent) -> Credential:
    """A second token of the run, which leaked and was revoked."""
    made = make_run_token(run_ref=agent.run_ref, actor_id=None, now=database_now())
    revoke_run_token(token_ref=made.reference, actor_id=None, now=database_now())
    return credential(made.token)


def test_a_flood_by_a_revoked_token_writes_five_rows_and_takes_nothing_from_the_good_one(
    agent: Agent, dead: Credential
) -> None:
    entries = LedgerEntry.objects.count()
    deal = {"deal": agent.deal.reference}

    said = [read(dead, None, "read_lead", deal) for _ in range(400)]

    assert {(answer.status, answer.codes) for answer in said} == {(Status.DENIED, (Code.REVOKED,))}
    assert ToolCall.objects.count() == DEAD_TOKEN_CALLS_PER_MINUTE == 5
    assert LedgerEntry.objects.count() == entries + 5
    assert CallCount.objects.get().calls == 400
    assert read(credential(agent.token), None, "read_lead", deal).status == Status.DONE


def test_a_revoked_token_is_told_nothing_not_even_what_its_run_already_knows(
    agent: Agent, dead: Credential
) -> None:
    done = agent.note("Words.")
    note = {"deal": agent.deal.reference, "text": "Words."}

    again = propose(dead, None, "crm.add_note", note, "k1")
    where = get_action(dead, None, done.action)
    what = list_capabilities(dead, None)

    assert (again.status, again.codes, again.result) == (Status.DENIED, (Code.REVOKED,), None)
    assert again.action != done.action
    assert (where.status, where.codes, where.result) == (Status.DENIED, (Code.REVOKED,), None)
    assert (what["codes"], what.get("operations")) == (["revoked"], None)
    assert agent.get_action(done.action) == done


def test_each_dead_token_of_a_run_is_counted_by_itself(agent: Agent, dead: Credential) -> None:
    made = make_run_token(run_ref=agent.run_ref, actor_id=None, now=database_now())
    revoke_run_token(token_ref=made.reference, actor_id=None, now=database_now())
    deal = {"deal": agent.deal.reference}

    for each in (dead, credential(made.token)):
        for _ in range(6):
            read(each, None, "read_lead", deal)

    assert sorted(CallCount.objects.values_list("calls", flat=True)) == [6, 6]
    assert ToolCall.objects.count() == 10
    assert RunToken.objects.filter(last_used_at__isnull=False).count() == 0


@pytest.mark.parametrize(("column", "limit"), [("calls", 300), ("proposals", 30)])
def test_what_reaches_a_limit_of_a_minute_exactly_passes_and_one_more_does_not(
    agent: Agent, column: str, limit: int
) -> None:
    mine = credential(agent.token)
    CallCount.objects.create(
        grant_id=mine.grant_id, minute=NOON, **{"calls": 0, "proposals": 0, column: limit - 1}
    )

    asked = [propose(mine, None, "provisioning.domain", {}, f"k{number}") for number in range(2)]

    assert [answer.codes[-1] == Code.TOO_MANY for answer in asked] == [False, True]
    assert (asked[1].action, asked[1].retry_after_s) == (None, 60)
    assert ToolCall.objects.count() == 1


def test_a_run_code_is_compared_letter_by_letter(agent: Agent) -> None:
    code = "S" + agent.credential.run_code[1:]
    mine = replace(agent.credential, run_code=code)
    lower = code.lower()

    assert read(mine, lower, "read_lead", {"deal": agent.deal.reference}).status == Status.DONE
    long_s = read(mine, "\u017f" + lower[1:], "read_lead", {"deal": agent.deal.reference})

    assert long_s.codes == (Code.WRONG_RUN,)
