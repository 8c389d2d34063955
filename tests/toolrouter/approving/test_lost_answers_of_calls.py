"""An answer that nobody heard is looked for; nothing is made a second time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from approvals.enums import RequestState
from revenue.enums import PaymentLinkState
from revenue.exchanges.agent_links import prepare_price
from revenue.exchanges.payment_links import sweep_payment_links
from tests.outside import gateway_to, lose_next_answer
from tests.sandbox.running_sandbox import RunningSandbox
from tests.toolrouter.agents import Agent, database_now
from tests.toolrouter.approving.deciding import (
    approve,
    at,
    at_stripe,
    call_of,
    findings,
    request_of,
    run_at,
    the_link,
)
from toolrouter.answers import Answer
from toolrouter.enums import CallState, Scope
from toolrouter.exchanges.approved import carry_out
from toolrouter.exchanges.claim import claim
from toolrouter.exchanges.lost import look_for_lost
from toolrouter.models import ProviderReceipt, ToolCall
from toolrouter.operations.changes import By
from toolrouter.operations.claiming import call_of as call_of_row
from toolrouter.timing import ABSENT_FOR, CALL_DEADLINE, LOOK_AGAIN
from toolrouter.usecases.stop import stop
from toolrouter.vocabulary import Status

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pages_use_outside")]
LINKS = "/v1/payment_links"
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
NOBODY = By(actor_id=None, reason="x")


@pytest.fixture
def unheard(agent: Agent, operator: User, answer: Answer, outside: RunningSandbox) -> ToolCall:
    """A call that Stripe did, and we never heard of it."""
    moment = approve(answer, operator)
    run_at(moment - SECOND)
    lose_next_answer(outside, LINKS)
    run_at(moment)
    outside.clear_faults()
    call = call_of(answer)
    assert (call.state, agent.get_action(answer.action).status) == ("unknown", Status.UNKNOWN)
    assert len(at_stripe(outside)) == 1
    return call


def test_a_lost_answer_is_looked_for_and_found(
    unheard: ToolCall, agent: Agent, outside: RunningSandbox
) -> None:
    look_for_lost(clock=at(unheard.look_at or database_now()))

    call, link = ToolCall.objects.get(), the_link()
    assert (call.state, link.state) == (CallState.DONE, PaymentLinkState.ACTIVE)
    assert (len(at_stripe(outside)), ProviderReceipt.objects.get().state) == (1, "matched")
    assert findings() == []


def test_nobody_posts_again_what_is_unknown(unheard: ToolCall, outside: RunningSandbox) -> None:
    outside.control("reset")
    much_later = database_now() + timedelta(days=2)

    for hours in (0, 1, 23, 30):
        moment = database_now() + timedelta(hours=hours)
        sweep_payment_links(gateway=gateway_to(outside.base), clock=at(moment))
        run_at(moment)
        carry_out(unheard.reference, clock=at(moment))

    assert (at_stripe(outside), claim(unheard.reference, now=much_later)) == ([], False)
    assert ToolCall.objects.get().state == CallState.UNKNOWN


def test_absent_twice_long_enough_apart_it_failed(
    unheard: ToolCall, agent: Agent, outside: RunningSandbox
) -> None:
    outside.control("reset")  # as if the call had never arrived
    assert unheard.deadline_at is not None
    first = unheard.deadline_at + ABSENT_FOR

    def state_at(moment: Any) -> str:
        look_for_lost(clock=at(moment))
        return ToolCall.objects.get().state

    assert state_at(first - SECOND) == CallState.UNKNOWN
    assert ToolCall.objects.get().absent_at is None
    assert state_at(first) == CallState.UNKNOWN
    assert ToolCall.objects.get().absent_at == first
    assert state_at(first + ABSENT_FOR - SECOND) == CallState.UNKNOWN
    assert state_at(first + ABSENT_FOR) == CallState.FAILED
    assert (the_link().state, the_link().last_error) == ("failed", "never_made")
    assert agent.get_action(unheard.reference).status == Status.FAILED
    assert findings() == []


def test_where_stripe_does_not_answer_it_stays_unknown(
    unheard: ToolCall, outside: RunningSandbox
) -> None:
    outside.control("faults", path=LINKS, method="GET", effect="status", status=500)
    moment = (unheard.deadline_at or database_now()) + 3 * ABSENT_FOR

    look_for_lost(clock=at(moment))

    call = ToolCall.objects.get()
    assert (call.state, call.absent_at, call.look_at) == ("unknown", None, moment + LOOK_AGAIN)


def test_after_a_stop_it_is_still_looked_for_and_a_person_switches_it_off(
    unheard: ToolCall, outside: RunningSandbox
) -> None:
    stop(scope=Scope.ACCOUNT, ref="", by=NOBODY, now=database_now())

    look_for_lost(clock=at(unheard.look_at or database_now()))

    assert (ToolCall.objects.get().state, the_link().state) == ("done", "active")


def test_what_stripe_refuses_failed_and_nothing_was_made(
    agent: Agent, operator: User, answer: Answer, outside: RunningSandbox
) -> None:
    moment = approve(answer, operator)
    run_at(moment - SECOND)
    outside.control("faults", path=LINKS, method="POST", effect="status", status=400)

    assert run_at(moment) == 1

    assert (call_of(answer).state, the_link().state) == (CallState.FAILED, PaymentLinkState.FAILED)
    assert at_stripe(outside) == []
    assert request_of(answer).state == RequestState.CONSUMED
    assert findings() == []


def test_a_crash_after_the_claim_is_looked_for_and_not_begun_again(
    agent: Agent, operator: User, answer: Answer, outside: RunningSandbox
) -> None:
    moment, call_ref = approve(answer, operator), answer.action or ""
    call = call_of(answer)
    assert not claim(call_ref, now=moment - SECOND)
    prepare_price(agent.deal.offer, call_of_row(call, now=moment))
    assert claim(call_ref, now=moment)

    assert [claim(call_ref, now=moment), carry_out(call_ref, clock=at(moment))] == [False, False]
    look_for_lost(clock=at(moment + CALL_DEADLINE))

    call.refresh_from_db()
    assert (call.state, call.unknown_at, at_stripe(outside)) == (
        CallState.UNKNOWN, moment + CALL_DEADLINE, [],
    )  # fmt: skip
    assert findings() == []


def test_a_worker_that_slept_after_its_claim_posts_nothing(
    agent: Agent, operator: User, answer: Answer, outside: RunningSandbox
) -> None:
    moment = approve(answer, operator)
    times = iter([moment, moment])  # it is prepared, and claimed

    carry_out(answer.action or "", clock=lambda: next(times, moment + CALL_DEADLINE))

    assert (call_of(answer).state, at_stripe(outside)) == (CallState.FAILED, [])
    assert the_link().last_error == "not_sent"
