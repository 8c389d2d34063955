"""Each call has its entry, keeps what it was told, and costs few statements."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from kernel.append_only import salted_digest
from kernel.references import new_reference
from ledger.models import LedgerEntry
from tests.owner import as_owner, rewriting
from tests.toolrouter.agents import Agent, an_agent
from toolrouter.ledger_rows_of_calls import PAIRS
from toolrouter.models import ToolCall
from toolrouter.vocabulary import Status

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent() -> Agent:
    return an_agent()


def the_call(reference: str | None = None) -> ToolCall:
    return ToolCall.objects.get(reference=reference) if reference else ToolCall.objects.get()


def entry_of(call: ToolCall) -> LedgerEntry:
    return LedgerEntry.objects.get(subject=call.reference)


def test_the_books_verify_with_calls_of_all_sorts(agent: Agent) -> None:
    agent.note("x")
    agent.read("read_lead", {"deal": agent.deal.reference})
    agent.propose("revenue.refund", {}, key="k2")
    agent.propose("crm.read_lead", {"deal": new_reference("deal")}, key="k3")
    agent.get_action("call_x", run="nope")

    assert findings() == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (
            "UPDATE {} SET codes = '{{hold}}', state = 'denied' WHERE state = 'done'",
            "row_without_entry",
        ),
        ("UPDATE {} SET codes = '{{hold}}' WHERE state = 'denied'", "entry_differs_from_row"),
        ("UPDATE {} SET operation = 'crm.read_lead'", "entry_differs_from_row"),
        ("UPDATE {} SET subject_ref = ''", "entry_differs_from_row"),
        ("UPDATE {} SET policy_version = policy_version + 1", "entry_differs_from_row"),
        ("DELETE FROM {} WHERE state = 'done'", "entry_without_row"),
    ],
)  # fmt: skip
def test_a_call_that_was_changed_past_us_is_found(agent: Agent, change: str, code: str) -> None:
    agent.note("x")
    agent.propose("crm.add_note", {"deal": new_reference("deal"), "text": "x"}, key="k2")
    with rewriting(ToolCall), connection.cursor() as cursor:
        cursor.execute(change.format("toolrouter_toolcall"))

    assert code in findings()


def findings() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(PAIRS)
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.parametrize(
    "column",
    [
        "grant_id",
        "credential_ref",
        "run_ref",
        "mode",
        "operation",
        "risk",
        "facts",
        "asked_at",
        "key",
    ],
)
def test_what_a_call_was_told_first_never_changes(agent: Agent, column: str) -> None:
    agent.note("x")
    change = f"UPDATE toolrouter_toolcall SET {column} = NULL"

    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)  # pages and workers have no right to
    with pytest.raises(IntegrityError), transaction.atomic(), as_owner():
        connection.cursor().execute(change)


def test_what_was_asked_can_be_blanked_and_never_rewritten(agent: Agent) -> None:
    agent.note("x")
    call = the_call()
    assert call.asked_digest == salted_digest(call.asked, salt=call.asked_salt)
    with pytest.raises(IntegrityError), transaction.atomic():
        ToolCall.objects.update(asked="other words")

    ToolCall.objects.update(asked="", asked_salt="")

    assert agent.note("x").status == Status.CONFLICT  # nobody can say any more what it was


def test_a_read_asks_fifteen_statements_at_most(agent: Agent) -> None:
    arguments = {"deal": agent.deal.reference}
    agent.read("read_lead", arguments)
    with CaptureQueriesContext(connection) as captured:
        agent.read("read_lead", arguments)

    assert len(captured) <= 15, [query["sql"][:90] for query in captured.captured_queries]
