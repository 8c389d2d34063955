"""What no longer holds at the claim, or is no longer what was approved, is not done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from approvals.enums import RequestState
from approvals.registry import CannotApprove
from approvals.usecases.revoke import revoke
from crm.enums import DealStage
from crm.models import Deal
from revenue import providers
from revenue.enums import OfferState
from revenue.models import Offer, PaymentLink
from tests.factories.toolrouter import prove_stripe
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
)
from toolrouter.answers import Answer
from toolrouter.connections import provider_of
from toolrouter.enums import CallState, IncidentKind, Posture, Scope
from toolrouter.exchanges.approved import carry_out
from toolrouter.exchanges.claim import claim
from toolrouter.exchanges.verifying import verify_provider
from toolrouter.models import Grant, ToolCall
from toolrouter.operations.changes import By
from toolrouter.operations.grants import freeze_grant
from toolrouter.usecases.change_safety import change_posture
from toolrouter.usecases.stop import stop
from toolrouter.usecases.tend_incident import open_incident
from toolrouter.vocabulary import Code

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pages_use_outside")]
LINKS = "/v1/payment_links"
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
NOBODY = By(actor_id=None, reason="x")


def frozen(agent: Agent) -> None:
    freeze_grant(agent.run_ref, now=database_now())


def held(agent: Agent) -> None:
    open_incident(
        kind=IncidentKind.LEGAL,
        scope=Scope.PROJECT,
        ref=agent.deal.project.reference,
        by=NOBODY,
        now=database_now(),
    )


def draft_only(agent: Agent) -> None:
    change_posture(
        scope=Scope.ACCOUNT, ref="", posture=Posture.DRAFT_ONLY, by=NOBODY, now=database_now()
    )


def ended(agent: Agent) -> None:
    Grant.objects.filter(run_ref=agent.run_ref).update(ended_at=database_now())


def lost(agent: Agent) -> None:
    Deal.objects.filter(pk=agent.deal.pk).update(stage=DealStage.LOST)


def retired(agent: Agent) -> None:
    Offer.objects.filter(pk=agent.deal.offer_id).update(
        state=OfferState.RETIRED, retired_at=database_now()
    )


def erased(agent: Agent) -> None:
    ToolCall.objects.filter(run_ref=agent.run_ref).update(asked="", asked_salt="")


STRICTER = [
    (frozen, Code.FROZEN),
    (held, Code.HOLD),
    (draft_only, Code.POSTURE),
    (ended, Code.DEADLINE),
    (lost, Code.NOT_POSSIBLE),
    (retired, Code.NOT_POSSIBLE),
    (erased, Code.SUBJECT_GONE),
]


@pytest.mark.parametrize(("change", "code"), STRICTER, ids=[each.__name__ for each, _ in STRICTER])
def test_what_is_stricter_at_the_claim_denies_and_nothing_is_made(
    agent: Agent,
    operator: User,
    answer: Answer,
    outside: RunningSandbox,
    change: Callable[[Agent], None],
    code: Code,
) -> None:
    moment = approve(answer, operator)
    change(agent)

    assert run_at(moment) == 0

    call = call_of(answer)
    assert (call.state, call.codes, at_stripe(outside)) == (CallState.DENIED, [code], [])
    assert request_of(answer).state == RequestState.EXPIRED
    assert not PaymentLink.objects.exists()
    assert findings() == []


def test_after_a_stop_nothing_is_made(
    agent: Agent, operator: User, answer: Answer, outside: RunningSandbox
) -> None:
    moment = approve(answer, operator)
    stop(scope=Scope.ACCOUNT, ref="", by=NOBODY, now=database_now())

    assert (run_at(moment), at_stripe(outside)) == (0, [])


def test_a_demoted_approver_approves_nothing(
    agent: Agent, operator: User, answer: Answer, outside: RunningSandbox
) -> None:
    moment = approve(answer, operator)
    operator.groups.clear()

    assert (run_at(moment), at_stripe(outside)) == (0, [])
    assert Code(call_of(answer).codes[0]) == Code.NO_APPROVER


def test_an_approver_who_left_approves_nothing(
    agent: Agent, operator: User, answer: Answer, outside: RunningSandbox
) -> None:
    moment = approve(answer, operator)
    User.objects.filter(pk=operator.pk).update(is_active=False)

    assert (run_at(moment), at_stripe(outside)) == (0, [])


def test_after_its_time_it_is_not_made(
    agent: Agent, operator: User, answer: Answer, outside: RunningSandbox
) -> None:
    approve(answer, operator)
    late = request_of(answer).execute_by or database_now()

    assert (run_at(late), claim(answer.action or "", now=late)) == (0, False)

    assert (call_of(answer).codes, at_stripe(outside)) == ([Code.EXPIRED], [])
    assert findings() == []


def test_revoked_it_is_not_made(
    agent: Agent, operator: User, answer: Answer, outside: RunningSandbox
) -> None:
    moment = approve(answer, operator)
    revoke(answer.approval or "", person=operator, reason="", now=database_now())

    assert (run_at(moment), carry_out(answer.action or "", clock=at(moment))) == (0, False)
    assert at_stripe(outside) == []


@pytest.mark.parametrize(
    "change",
    [
        ("toolrouter_toolcall", "run_ref = 'run_00000000000000000000000000'"),
        ("toolrouter_toolcall", "project_ref = 'prj_00000000000000000000000000'"),
        ("toolrouter_toolcall", "asked = replace(asked, 'deal', 'DEAL')"),
        ("toolrouter_toolcall", "approval_ref = 'apr_00000000000000000000000000'"),
        ("revenue_offer", "amount_minor = 9900"),
        ("revenue_offer", "version = 7"),
        ("revenue_offer", "title = 'Another thing'"),
        ("approvals_approvalrequest", "fingerprint = repeat('0', 64)"),
        ("approvals_approvalrequest", "shown_digest = repeat('0', 64)"),
        ("approvals_approvalrequest", "decide_by = decide_by + interval '1 day'"),
        ("approvals_approvalrequest", "people_needed = 2"),
        ("approvals_decision", "verdict = 'refuse'"),
    ],
    ids=lambda change: change[1].partition(" ")[0] + "_of_" + change[0].partition("_")[2],
)
def test_what_was_swapped_past_us_is_denied_and_nothing_is_made(
    agent: Agent,
    operator: User,
    answer: Answer,
    outside: RunningSandbox,
    change: tuple[str, str],
) -> None:
    moment = approve(answer, operator)
    sql_past_us(change[0], f"UPDATE {{}} SET {change[1]}")

    assert run_at(moment) == 0

    assert at_stripe(outside) == []
    assert call_of(answer).state == CallState.DENIED


def test_another_address_than_the_approved_one_makes_nothing(
    agent: Agent, operator: User, answer: Answer, outside: RunningSandbox, settings: Any
) -> None:
    moment = approve(answer, operator)
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"

    assert not claim(answer.action or "", now=moment)
    assert (call_of(answer).codes, at_stripe(outside)) == ([Code.NOT_READY], [])


def test_what_is_proposed_by_a_process_without_keys_is_claimed_by_one_that_has_them(
    agent: Agent, operator: User, outside: RunningSandbox, settings: Any
) -> None:
    key, settings.STRIPE_SECRET_KEY = settings.STRIPE_SECRET_KEY, ""
    answer = ask_for_link(agent)
    settings.STRIPE_SECRET_KEY = key

    assert run_at(approve(answer, operator)) == 1
    assert len(at_stripe(outside)) == 1


def _hold_key(settings: Any, key: str) -> None:
    settings.STRIPE_SECRET_KEY = key
    providers._gateway.cache_clear()


def test_another_key_than_the_approved_one_makes_nothing(
    agent: Agent, operator: User, answer: Answer, outside: RunningSandbox, settings: Any
) -> None:
    moment = approve(answer, operator)
    _hold_key(settings, "sk_sandbox_of_somebody_else")

    assert not claim(answer.action or "", now=moment)
    assert (call_of(answer).codes, at_stripe(outside)) == ([Code.NOT_READY], [])


def test_another_key_that_was_proved_meanwhile_is_not_what_was_approved(
    agent: Agent, operator: User, answer: Answer, outside: RunningSandbox, settings: Any
) -> None:
    moment = approve(answer, operator)
    _hold_key(settings, "sk_sandbox_of_somebody_else")
    prove_stripe()

    assert not claim(answer.action or "", now=moment)
    assert (call_of(answer).codes, at_stripe(outside)) == ([Code.SUPERSEDED], [])


def test_the_same_key_tested_again_is_still_what_was_approved(
    agent: Agent, operator: User, answer: Answer, outside: RunningSandbox
) -> None:
    moment = approve(answer, operator)
    stripe = provider_of("stripe")
    assert stripe is not None
    verify_provider(stripe, actor_id=operator.pk, clock=database_now)

    assert run_at(moment) == 1
    assert len(at_stripe(outside)) == 1


def test_a_worker_without_a_key_claims_nothing(
    agent: Agent, operator: User, answer: Answer, outside: RunningSandbox, settings: Any
) -> None:
    moment = approve(answer, operator)
    _hold_key(settings, "")

    assert not claim(answer.action or "", now=moment)
    assert (call_of(answer).codes, at_stripe(outside)) == ([Code.NOT_READY], [])


def test_under_a_key_that_was_never_tested_nobody_is_asked_and_nobody_can_approve(
    agent: Agent, operator: User, answer: Answer, settings: Any
) -> None:
    _hold_key(settings, "sk_sandbox_of_somebody_else")

    with pytest.raises(CannotApprove, match="has not been tested with its present key"):
        approve(answer, operator)
    assert request_of(answer).state == RequestState.PENDING
    denied = an_agent(stage=DealStage.QUALIFIED, offer_id=agent.deal.offer_id)
    assert ask_for_link(denied).codes == (Code.NOT_READY,)
