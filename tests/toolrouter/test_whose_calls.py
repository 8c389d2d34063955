"""What a run may know of, which calls are whose, and how many there may be."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import Project
from kernel.references import new_reference
from ledger.models import LedgerEntry
from tests.factories.crm import DealFactory
from tests.toolrouter.agents import Agent, an_agent, database_now
from toolrouter.models import CallCount, ToolCall
from toolrouter.vocabulary import Code, Status

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent() -> Agent:
    return an_agent()


def the_call(reference: str | None = None) -> ToolCall:
    return ToolCall.objects.get(reference=reference) if reference else ToolCall.objects.get()


def entry_of(call: ToolCall) -> LedgerEntry:
    return LedgerEntry.objects.get(subject=call.reference)


def statements(agent: Agent, deal_ref: str, how: str) -> tuple[list[str], Any]:
    with CaptureQueriesContext(connection) as captured:
        if how == "read":
            answer = agent.read("read_lead", {"deal": deal_ref})
        else:
            answer = agent.propose(
                "crm.add_note", {"deal": deal_ref, "text": "x"}, key=f"k-{deal_ref}"
            )
    return [query["sql"].replace(deal_ref, "REF") for query in captured.captured_queries], answer


@pytest.mark.parametrize("how", ["read", "write"])
def test_a_deal_of_somebody_elses_answers_as_one_that_does_not_exist(
    agent: Agent, how: str
) -> None:
    agent.read("read_lead", {"deal": agent.deal.reference})  # whatever is cached is cached
    foreign, nowhere = DealFactory().reference, new_reference("deal")

    of_foreign, answered_foreign = statements(agent, foreign, how)
    of_nowhere, answered_nowhere = statements(agent, nowhere, how)

    assert answered_foreign.codes == answered_nowhere.codes == (Code.NOT_FOUND,)
    assert answered_foreign.result is answered_nowhere.result is None
    assert [shape(sql) for sql in of_foreign] == [shape(sql) for sql in of_nowhere]
    assert not any("crm_" in sql for sql in of_foreign)


def shape(sql: str) -> str:
    """Return a statement without its values: what differs is a reference, a salt or a time."""
    return re.sub(r"'[^']*'|\d+", "?", sql)


def test_a_deal_that_moved_to_another_project_is_no_longer_there(agent: Agent) -> None:
    other = Project.objects.create(
        reference=new_reference("prj"), name="Other", created_at=database_now()
    )
    agent.deal.project = other
    agent.deal.save()

    assert agent.read("read_lead", {"deal": agent.deal.reference}).codes == (Code.NOT_FOUND,)
    assert agent.note("x").codes == (Code.NOT_FOUND,)


def test_a_deal_whose_person_was_erased_is_gone(agent: Agent) -> None:
    contact = agent.deal.contact
    contact.name = contact.email = ""
    contact.email_key, contact.erased_at = None, database_now()
    contact.save()

    assert agent.note("x").codes == (Code.SUBJECT_GONE,)


# --- runs and floods ---------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["propose", "read", "get_action"])
def test_a_wrong_run_is_denied_recorded_and_attributed_to_neither(agent: Agent, how: str) -> None:
    other = an_agent()
    code = other.credential.run_code
    done = agent.note("Mine.")

    answer = {
        "propose": lambda: agent.propose("crm.add_note", {"text": "words"}, key="k9", run=code),
        "read": lambda: agent.read("read_lead", {"deal": agent.deal.reference}, run=code),
        "get_action": lambda: agent.get_action(done.action, run=code),
    }[how]()  # fmt: skip

    assert (answer.status, answer.codes, answer.result) == (Status.DENIED, (Code.WRONG_RUN,), None)
    call = the_call(answer.action)
    assert (call.grant, call.run_ref, call.project_ref, call.trace_ref) == (None, "", "", "")
    assert (call.asked, call.asked_salt) == ("", "")
    entry = entry_of(call)
    assert (entry.refs, entry.trace_ref) == ([agent.credential.token_ref], "")
    assert agent.get_action(call.reference).codes == (Code.NOT_FOUND,)
    assert other.get_action(call.reference).codes == (Code.NOT_FOUND,)


@pytest.mark.parametrize("run", [7, ["K7F3"], "", "k7f3 ", True], ids=repr)
def test_what_is_no_code_of_the_run_is_a_wrong_run(agent: Agent, run: object) -> None:
    assert agent.propose("crm.read_lead", {"deal": agent.deal.reference}, run=run).codes == (
        Code.WRONG_RUN,
    )


def test_the_run_is_named_by_code_in_any_case_by_reference_or_not_at_all(agent: Agent) -> None:
    code = agent.credential.run_code
    for run in (None, code, code.lower(), agent.run_ref):
        answer = agent.read("read_lead", {"deal": agent.deal.reference}, run=run)
        assert answer.status == Status.DONE


def test_an_action_of_another_run_does_not_exist(agent: Agent) -> None:
    done = agent.note("Mine.")
    other = an_agent()

    for action in (done.action, new_reference("call"), "nonsense", None, 7, ["x"]):
        answer = other.get_action(action)
        assert (answer.status, answer.action, answer.codes) == (
            Status.DENIED, None, (Code.NOT_FOUND,),
        )  # fmt: skip


def test_beyond_the_limit_of_a_minute_calls_are_counted_and_not_stored(
    agent: Agent, settings: Any
) -> None:
    settings.RUN_CALLS_PER_MINUTE_MAX = 3
    answers = []
    while len(answers) < 5:  # a minute may end in between
        if CallCount.objects.count() > 1:
            CallCount.objects.all().delete()
            answers.clear()
        answers.append(agent.read("read_lead", {"deal": agent.deal.reference}))

    assert [answer.status for answer in answers[-5:]] == [Status.DONE] * 3 + [Status.DENIED] * 2
    last = answers[-1]
    assert (last.codes, last.action) == ((Code.TOO_MANY,), None)
    assert 1 <= (last.retry_after_s or 0) <= 60
    assert CallCount.objects.get().calls == 5


def test_what_needs_a_person_has_a_limit_of_its_own(agent: Agent, settings: Any) -> None:
    settings.RUN_PROPOSALS_PER_MINUTE_MAX = 0

    assert agent.propose("provisioning.domain", {}).codes == (Code.TOO_MANY,)
    assert agent.note("x").status == Status.DONE
