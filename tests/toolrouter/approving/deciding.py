"""What people do about an agent's question, and what the worker does then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import connection

from approvals.enums import Factor
from approvals.ledger_rows import DECISIONS, REQUESTS
from approvals.models import ApprovalRequest
from approvals.ports import Proof
from approvals.usecases.decide import approve as say_yes
from approvals.usecases.decide import refuse as say_no
from revenue.ledger_rows import LINKS_OF_CALLS as LINKS
from revenue.models import PaymentLink
from tests.approvals.asking import challenge
from tests.owner import as_owner
from tests.sandbox.running_sandbox import RunningSandbox
from tests.toolrouter.agents import Agent, database_now
from toolrouter.answers import Answer
from toolrouter.exchanges.approved import run_approved
from toolrouter.ledger_rows_of_calls import APPROVED, PAIRS, RECEIPTS, RESTORED
from toolrouter.models import ToolCall

LINK = "revenue.prepare_payment_link"
HOLD = timedelta(seconds=5)


def ask_for_link(agent: Agent, *, key: str = "link-1") -> Answer:
    return agent.propose(LINK, {"deal": agent.deal.reference}, key=key)


def request_of(answer: Answer) -> ApprovalRequest:
    return ApprovalRequest.objects.get(reference=answer.approval)


def call_of(answer: Answer) -> ToolCall:
    return ToolCall.objects.get(reference=answer.action)


def approve(answer: Answer, by: User, *, now: datetime | None = None) -> datetime:
    """Approve; return the first moment at which it may run."""
    now, request = now or database_now(), request_of(answer)
    decided = say_yes(
        request.reference,
        person=by,
        shown_digest=request.shown_digest,
        step_up=challenge(request, by, now=now),
        proof=Proof(factor=Factor.CODE),
        now=now,
    )
    assert decided.not_before == now + HOLD
    return decided.not_before


def refuse(answer: Answer, by: User, *, reason: str = "", tells_the_agent: bool = False) -> None:
    request = request_of(answer)
    say_no(
        request.reference,
        person=by,
        shown_digest=request.shown_digest,
        reason=reason,
        tells_the_agent=tells_the_agent,
        now=database_now(),
    )


def findings() -> list[tuple[str, str]]:
    """Return what the comparisons of calls, receipts, requests and decisions find."""
    found: list[tuple[str, str]] = []
    with connection.cursor() as cursor:
        for comparison in (PAIRS, APPROVED, RESTORED, RECEIPTS, LINKS, REQUESTS, DECISIONS):
            cursor.execute(comparison)
            found += [(code, says) for code, _what, says in cursor.fetchall()]
    return found


def at_stripe(outside: RunningSandbox) -> list[Any]:
    """Return all links that Stripe has, by its own listing."""
    return list(outside.client().payment_links.list({"limit": 100}).data)


def the_link() -> PaymentLink:
    return PaymentLink.objects.get()


def sql_past_us(table: str, change: str) -> None:
    """Write as whoever owns the tables can, past every trigger of ours."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(change.format(table))
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


def run_at(moment: datetime) -> int:
    return run_approved(clock=at(moment))
