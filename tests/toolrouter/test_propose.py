"""An agent asks, and is answered at once: what is done, what is denied, what was asked before."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from crm.enums import ActivityKind
from crm.models import Activity
from kernel.append_only import salted_digest
from kernel.canonical import canonical
from ledger.models import LedgerEntry
from tests.owner import as_owner
from tests.toolrouter.agents import Agent, an_agent, database_now
from toolrouter import operations, policy
from toolrouter.enums import RunKind
from toolrouter.models import Grant, ProjectSettings, SafetySettings, ToolCall
from toolrouter.operations.digests import call_digest
from toolrouter.vocabulary import Code, Status

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent() -> Agent:
    return an_agent()


def the_call(reference: str | None = None) -> ToolCall:
    return ToolCall.objects.get(reference=reference) if reference else ToolCall.objects.get()


def entry_of(call: ToolCall) -> LedgerEntry:
    return LedgerEntry.objects.get(subject=call.reference)


def test_a_note_is_written_and_the_call_with_it(agent: Agent) -> None:
    answer = agent.note("They asked twice.")

    call = the_call()
    line = Activity.objects.get(deal=agent.deal)
    assert answer.as_content() == {
        "status": "done",
        "action": call.reference,
        "approval": None,
        "codes": [],
        "result": {"deal": agent.deal.reference},
        "retry_after_s": None,
    }
    assert (line.kind, line.words, line.actor_id) == ("agent_note", "They asked twice.", None)
    assert line.refs == {"run": agent.run_ref, "call": call.reference}
    assert (call.state, call.codes, call.operation) == ("done", [], "crm.add_note")
    assert (call.run_ref, call.trace_ref, call.mode) == (
        agent.run_ref, agent.deal.trace_ref, "sandbox",
    )  # fmt: skip
    entry = entry_of(call)
    assert (entry.kind, entry.event) == ("tool", "call.done")
    assert entry.refs == [agent.run_ref, agent.deal.reference]
    assert entry.facts == {
        "codes": 0, "policy": policy.VERSION, "operation": "crm.add_note",
        "row": call_digest(call, "done"),
    }  # fmt: skip


def test_a_recommendation_says_the_step_and_why(agent: Agent) -> None:
    arguments = {"deal": agent.deal.reference, "step": "Call them", "why": "They wait.\n\nStill."}

    agent.propose("crm.recommend_next_step", arguments)

    line = Activity.objects.get(deal=agent.deal)
    assert (line.kind, line.words) == (
        ActivityKind.AGENT_NEXT_STEP,
        "Call them\n\nThey wait.\n\nStill.",
    )


def test_the_same_key_and_question_is_the_same_call_and_answer(agent: Agent) -> None:
    first = agent.note("Once.")

    assert [agent.note("Once."), agent.note("Once.")] == [first, first]
    assert Activity.objects.filter(deal=agent.deal).count() == 1
    assert ToolCall.objects.count() == 1


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("crm.add_note", {"text": "Another text."}),
        ("crm.add_note", {"text": "Once.", "more": 1}),
        ("crm.read_lead", {}),
        ("nobody.has_this", {"text": "Once."}),
    ],
)
def test_the_same_key_for_another_question_is_a_conflict(
    agent: Agent, operation: str, arguments: dict[str, Any]
) -> None:
    first = agent.note("Once.")

    answer = agent.propose(operation, {"deal": agent.deal.reference, **arguments})

    assert (answer.status, answer.action, answer.result) == (Status.CONFLICT, first.action, None)
    assert ToolCall.objects.count() == 1


def test_one_run_knows_nothing_of_the_keys_of_another(agent: Agent) -> None:
    other = an_agent()
    agent.note("Mine.")

    assert other.note("Theirs.").status == Status.DONE
    assert ToolCall.objects.count() == 2


def test_the_same_words_under_another_key_are_the_same_call(agent: Agent) -> None:
    first = agent.note("Once.", key="k1")

    again = agent.note("Once.", key="k2")

    assert (again.status, again.action, again.codes) == (
        Status.DONE, first.action, (Code.DUPLICATE,),
    )  # fmt: skip
    assert Activity.objects.filter(deal=agent.deal).count() == 1
    assert agent.note("Something else.", key="k3").action != first.action


def test_a_denied_call_stays_denied_under_its_key(agent: Agent) -> None:
    first = agent.note("")

    assert agent.note("") == first
    assert first.codes == (Code.SHOWN_TEXT,)
    assert ToolCall.objects.count() == 1


def test_a_read_runs_again_under_its_key_and_is_decided_anew(agent: Agent) -> None:
    arguments = {"deal": agent.deal.reference}
    first = agent.propose("crm.read_lead", arguments)
    agent.deal.move("qualified", stage_since=agent.deal.stage_since)

    again = agent.propose("crm.read_lead", arguments)

    assert first.result is not None
    assert again.result is not None
    assert (first.result["stage"], again.result["stage"]) == ("lead", "qualified")
    assert again.action == first.action
    call = the_call()
    assert call.runs == 2
    SafetySettings.objects.update(stopped_at=database_now(), changed_at=database_now())

    stopped = agent.propose("crm.read_lead", arguments)

    assert (stopped.status, stopped.codes, stopped.result) == (
        Status.DENIED, (Code.STOPPED,), None,
    )  # fmt: skip
    denied = the_call(stopped.action)
    assert (denied.again_of_id, denied.key) == (call.pk, None)


def test_of_what_a_read_returned_only_hash_and_references_are_kept(agent: Agent) -> None:
    answer = agent.read("read_lead", {"deal": agent.deal.reference})

    call = the_call()
    assert answer.result is not None
    assert call.result is None
    assert call.result_digest == salted_digest(
        canonical(answer.result).decode(), salt=call.asked_salt
    )
    assert call.result_refs == [agent.deal.reference, agent.deal.contact.reference]
    assert agent.get_action(call.reference).result is None


# --- what is denied ----------------------------------------------------------------------------


MALFORMED: list[object] = [
    None,
    [],
    "text",
    {},
    {"text": "x"},
    {"deal": 7, "text": "x"},
    {"deal": None, "text": "x"},
    {"deal": "deal_1", "text": "x"},
    {"deal": "DEAL_01KAZZZZZZZZZZZZZZZZZZZZZZ", "text": "x"},
]


@pytest.mark.parametrize("arguments", MALFORMED, ids=str)
def test_what_is_malformed_is_denied_and_written_down(agent: Agent, arguments: object) -> None:
    answer = agent.propose("crm.add_note", arguments)

    assert (answer.status, answer.codes) == (Status.DENIED, (Code.MALFORMED,))
    assert the_call().codes == ["malformed"]
    assert json.loads(the_call().asked) == {"operation": "crm.add_note", "arguments": arguments}


@pytest.mark.parametrize("text", [1, 1.0, True, None, ["x"], {"x": 1}, b"x"], ids=repr)
def test_nothing_is_converted(agent: Agent, text: object) -> None:
    assert agent.note(text).codes == (Code.MALFORMED,)


def test_a_field_too_many_is_denied(agent: Agent) -> None:
    assert agent.note("x", approved_by="owner").codes == (Code.MALFORMED,)
    assert not Activity.objects.filter(deal=agent.deal).exists()


@pytest.mark.parametrize(
    "text", ["\u202eevil", "a\u200bb", "", " padded", "x" * 2001, "A\u030a", "nul\0"], ids=ascii
)
def test_a_text_that_cannot_be_shown_as_it_is_has_a_code_of_its_own(
    agent: Agent, text: str
) -> None:
    assert agent.note(text).codes == (Code.SHOWN_TEXT,)


@pytest.mark.parametrize("text", ["\ud800", "a\udfff"], ids=ascii)
def test_half_a_character_is_denied_and_can_be_written_down(agent: Agent, text: str) -> None:
    answer = agent.note(text)

    assert answer.status == Status.DENIED
    assert json.loads(the_call().asked)["arguments"]["text"] == text


@pytest.mark.parametrize(
    "key", [None, 7, "", "has space", "ada@example.com", "x" * 101, "a\n", "ключ"], ids=repr
)
def test_a_key_that_can_be_none_is_malformed(agent: Agent, key: object) -> None:
    assert agent.note("x", key=key).codes == (Code.MALFORMED,)
    assert the_call().key is None


@pytest.mark.parametrize(
    ("operation", "codes", "stored"),
    [
        ("nobody.has_this", ["unknown_operation"], "unknown"),
        ("", ["unknown_operation"], "unknown"),
        (7, ["unknown_operation"], "unknown"),
        (None, ["unknown_operation"], "unknown"),
        ("CRM.add_note", ["unknown_operation"], "unknown"),
        ("crm.add_note\u200b", ["unknown_operation"], "unknown"),
        ("revenue.refund", ["forbidden_operation"], "revenue.refund"),
        ("revenue.answer_dispute", ["forbidden_operation"], "revenue.answer_dispute"),
        ("account.delete", ["forbidden_operation"], "account.delete"),
        ("legal.open_incident", ["forbidden_operation"], "legal.open_incident"),
        ("credentials.change", ["forbidden_operation"], "credentials.change"),
        ("provisioning.domain", ["not_configured"], "provisioning"),
        ("provisioning.anything_else", ["not_configured"], "provisioning"),
    ],
)
def test_what_no_agent_may_is_denied_by_its_reason(
    operation: object, codes: list[str], stored: str
) -> None:
    answer = an_agent(kind=RunKind.FULFILMENT).propose(operation, {"whatever": 1})

    assert answer.as_content()["codes"] == codes
    call = the_call()
    assert (call.state, call.codes, call.operation) == ("denied", codes, stored)
    assert entry_of(call).facts["code"] == codes[0]


def test_what_is_only_refused_says_why(agent: Agent) -> None:
    answer = agent.propose("revenue.refund", {"order": "ord_1"})

    assert answer.result == {"reason": "Only an owner refunds a payment, on the order's page."}


def test_all_reasons_are_written_down_and_replay_from_what_is_stored(agent: Agent) -> None:
    now = database_now()
    SafetySettings.objects.update(posture="read_only", changed_at=now)
    ProjectSettings.objects.filter(project_ref=agent.deal.project.reference).update(
        held_at=now, changed_at=now
    )
    operations.freeze_grant(agent.run_ref, now=now)

    answer = agent.note("\u200b")

    assert answer.codes == (Code.HOLD, Code.FROZEN, Code.POSTURE, Code.SHOWN_TEXT)
    call = the_call()
    replayed = policy.replay(json.dumps(call.facts), version=call.policy_version)
    assert [str(code) for code in replayed.codes] == call.codes
    assert entry_of(call).facts == {
        "row": call_digest(call, "denied"),
        "code": "hold", "codes": 4, "policy": policy.VERSION, "operation": "crm.add_note",
    }  # fmt: skip


def stop_account(_run: str, at: datetime) -> None:
    SafetySettings.objects.update(stopped_at=at, changed_at=at)


def hold_account(_run: str, at: datetime) -> None:
    SafetySettings.objects.update(held_at=at, changed_at=at)


def let_account_stand_by(_run: str, at: datetime) -> None:
    SafetySettings.objects.update(posture="hold", changed_at=at)


def stop_run(run: str, at: datetime) -> None:
    Grant.objects.filter(run_ref=run).update(stopped_at=at)


def hold_run(run: str, at: datetime) -> None:
    Grant.objects.filter(run_ref=run).update(held_at=at)


def freeze_run(run: str, at: datetime) -> None:
    operations.freeze_grant(run, now=at)


def end_run(run: str, at: datetime) -> None:
    operations.end_grant(run, now=at)


@pytest.mark.parametrize(
    ("stand", "code"),
    [
        (stop_account, Code.STOPPED),
        (hold_account, Code.HOLD),
        (let_account_stand_by, Code.HOLD),
        (stop_run, Code.STOPPED),
        (hold_run, Code.HOLD),
        (freeze_run, Code.FROZEN),
        (end_run, Code.DEADLINE),
    ],
)
def test_what_stands_still_denies_reads_and_writes_and_says_where_things_stand(
    agent: Agent, stand: Any, code: Code
) -> None:
    done = agent.note("Before.")
    stand(agent.run_ref, database_now())

    written = agent.note("After.", key="k2")
    read = agent.read("read_lead", {"deal": agent.deal.reference})

    assert (written.codes, read.codes, read.result) == ((code,), (code,), None)
    assert agent.get_action(done.action) == done
    assert agent.note("Before.") == done
    assert Activity.objects.filter(deal=agent.deal).count() == 1


def test_a_revoked_token_is_refused_in_words(agent: Agent) -> None:
    with as_owner():
        connection.cursor().execute(
            "UPDATE toolrouter_runtoken"
            " SET ended_at = statement_timestamp(), end_reason = 'revoked'"
        )

    assert agent.note("x").codes == (Code.REVOKED,)
