"""What somebody writes into the tables past us, the books find."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from tests.sandbox.running_sandbox import RunningSandbox
from tests.toolrouter.agents import Agent
from tests.toolrouter.approving.deciding import (
    approve,
    findings,
    run_at,
    sql_past_us,
)
from toolrouter.answers import Answer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pages_use_outside")]


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("toolrouter_toolcall", "amount_minor = 1"),
        ("toolrouter_toolcall", "currency = 'EUR'"),
        ("toolrouter_toolcall", "approval_ref = 'apr_other'"),
        ("toolrouter_toolcall", "claimed_at = claimed_at + interval '1 s'"),
        ("toolrouter_toolcall", "closed_at = closed_at + interval '1 s'"),
        ("toolrouter_toolcall", "state = 'failed'"),
        ("toolrouter_toolcall", "unknown_at = now()"),
        ("toolrouter_toolcall", "subject_ref = 'deal_other'"),
        ("toolrouter_providerreceipt", "read_minor = 1"),
        ("toolrouter_providerreceipt", "asked_minor = 1"),
        ("toolrouter_providerreceipt", "read_at = read_at + interval '1 s'"),
        ("approvals_approvalrequest", "amount_minor = 1"),
        ("approvals_approvalrequest", "state = 'revoked'"),
        ("approvals_approvalrequest", "closed_at = closed_at + interval '1 s'"),
        ("approvals_decision", "verdict = 'refuse'"),
        ("revenue_paymentlink", "amount_minor = 1"),
        ("revenue_paymentlink", "call_ref = 'call_other'"),
        ("revenue_paymentlink", "run_ref = 'run_other'"),
        ("revenue_paymentlink", "stripe_id = NULL, state = 'unknown'"),
    ],
)
def test_a_column_changed_past_us_is_found(
    agent: Agent, operator: User, answer: Answer, outside: RunningSandbox, table: str, change: str
) -> None:
    run_at(approve(answer, operator))
    assert findings() == []

    sql_past_us(table, f"UPDATE {{}} SET {change}")

    assert findings() != []


@pytest.mark.parametrize(
    "table", ["toolrouter_providerreceipt", "revenue_paymentlink", "approvals_decision"]
)
def test_a_row_taken_away_is_found(
    agent: Agent, operator: User, answer: Answer, outside: RunningSandbox, table: str
) -> None:
    run_at(approve(answer, operator))

    sql_past_us(table, "DELETE FROM {}")

    assert findings() != []
