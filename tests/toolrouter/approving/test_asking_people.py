"""What needs a person waits for one; what became of it the agent is told in one word."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from approvals.models import ApprovalField, ApprovalRequest
from approvals.registry import CannotApprove
from approvals.usecases.expire_due import expire_due
from approvals.usecases.revoke import revoke
from crm.enums import DealStage
from crm.models import Deal
from tests.factories.crm import DealFactory
from tests.factories.people import make_person
from tests.toolrouter.agents import Agent, an_agent, database_now
from tests.toolrouter.approving.deciding import (
    LINK,
    approve,
    ask_for_link,
    call_of,
    findings,
    refuse,
    request_of,
)
from toolrouter.enums import Posture, RunKind, Scope
from toolrouter.models import Grant, ToolCall
from toolrouter.operations.changes import By
from toolrouter.operations.grants import add_subjects
from toolrouter.operations.waiting import ENDS_WITH_ITS_RUN
from toolrouter.usecases.change_safety import change_posture
from toolrouter.usecases.stop import stop
from toolrouter.vocabulary import Code, Status

pytestmark = pytest.mark.django_db
NOBODY = By(actor_id=None, reason="x")


def test_a_link_waits_for_a_person_who_is_shown_all_of_it(agent: Agent, operator: User) -> None:
    answer = ask_for_link(agent)

    request, call = request_of(answer), call_of(answer)
    assert answer.as_content() == {
        "status": "needs_approval",
        "action": call.reference,
        "approval": request.reference,
        "codes": [],
        "result": None,
        "retry_after_s": None,
    }
    assert (request.kind, request.rule, request.people_needed) == ("tool", "outbound", 1)
    assert (request.subject_ref, request.run_ref) == (call.reference, agent.run_ref)
    assert (request.amount_minor, request.currency) == (100, "USD")
    assert (call.amount_minor, call.currency, call.closed_at) == (100, "USD", None)
    shown = dict(
        ApprovalField.objects.filter(request=request, part="shown").values_list("name", "value")
    )
    assert "sells Acquisition snapshot once, for $1.00 USD" in shown["effect"]
    assert findings() == []


def test_the_envelope_binds_everything_that_will_run(agent: Agent, operator: User) -> None:
    request = request_of(ask_for_link(agent))

    names = ApprovalField.objects.filter(request=request, part="envelope").values_list("name")
    assert {name for (name,) in names} >= {
        *("provider", "operation", "account", "project", "run", "mode", "amount_minor"),
        *("currency", "payee", "payload", "policy", "arguments", "approval_decide_by"),
    }


def test_the_same_key_is_the_same_request_and_another_key_a_duplicate(
    agent: Agent, operator: User
) -> None:
    first = ask_for_link(agent)

    assert ask_for_link(agent) == first
    second = ask_for_link(agent, key="link-2")
    assert (second.action, second.codes) == (first.action, (Code.DUPLICATE,))
    assert (ToolCall.objects.count(), ApprovalRequest.objects.count()) == (1, 1)


def test_without_anybody_who_may_say_yes_nobody_is_asked(agent: Agent) -> None:
    answer = ask_for_link(agent)

    assert (answer.status, answer.codes) == (Status.DENIED, (Code.NO_APPROVER,))
    assert not ApprovalRequest.objects.exists()


def test_an_auditor_alone_is_nobody_who_may(agent: Agent) -> None:
    make_person("auditor")

    assert ask_for_link(agent).codes == (Code.NO_APPROVER,)


@pytest.mark.parametrize(
    "change",
    [
        {"stage": DealStage.WON, "won_order_ref": "ord_x"},
        {"stage": DealStage.LOST},
        {"stage": DealStage.LEAD},
        {"offer_id": None},
    ],
)
def test_a_deal_that_cannot_be_sold_is_not_possible(
    agent: Agent, operator: User, change: dict[str, object]
) -> None:
    Deal.objects.filter(pk=agent.deal.pk).update(**change)

    answer = ask_for_link(agent)

    assert (answer.status, answer.codes) == (Status.DENIED, (Code.NOT_POSSIBLE,))
    assert not ApprovalRequest.objects.exists()


def test_a_trial_run_may_not_ask(operator: User) -> None:
    agent = an_agent(kind=RunKind.TRIAL, stage=DealStage.QUALIFIED)

    assert Code.NOT_GRANTED in ask_for_link(agent).codes


def test_ten_requests_of_a_run_wait_and_no_more(agent: Agent, operator: User) -> None:
    others = [
        DealFactory(
            project=agent.deal.project,
            stage=DealStage.QUALIFIED,
            offer_id=agent.deal.offer_id,
        ).reference
        for _ in range(10)
    ]
    add_subjects(
        Grant.objects.get(run_ref=agent.run_ref), others, actor_id=None, now=database_now()
    )

    said = [
        agent.propose(LINK, {"deal": deal}, key=f"k{number}")
        for number, deal in enumerate([agent.deal.reference, *others])
    ]

    assert [answer.status for answer in said] == [Status.NEEDS_APPROVAL] * 10 + [Status.DENIED]
    assert (said[10].codes, said[10].action) == ((Code.TOO_MANY,), None)
    assert (ToolCall.objects.count(), said[10].retry_after_s) == (10, 60)
    refuse(said[0], by=operator)
    assert agent.propose(LINK, {"deal": others[9]}, key="k11").status == Status.NEEDS_APPROVAL


def test_a_request_can_be_decided_no_longer_than_its_run_lasts(
    agent: Agent, operator: User
) -> None:
    run = Grant.objects.get(run_ref=agent.run_ref)  # four hours, where a decision may take 24

    request = request_of(ask_for_link(agent))

    assert request.decide_by == run.expires_at
    assert ENDS_WITH_ITS_RUN in request.around


def test_approved_it_is_in_progress_until_its_hold_is_over(agent: Agent, operator: User) -> None:
    answer = ask_for_link(agent)
    assert agent.get_action(answer.action).status == Status.NEEDS_APPROVAL

    approve(answer, operator)

    assert agent.get_action(answer.action).status == Status.IN_PROGRESS
    assert findings() == []


@pytest.mark.parametrize("tells", [True, False])
def test_refused_the_agent_hears_the_reason_only_where_it_may(
    agent: Agent, operator: User, tells: bool
) -> None:
    answer = ask_for_link(agent)

    refuse(answer, operator, reason="They pay by invoice.", tells_the_agent=tells)

    said = agent.get_action(answer.action)
    assert (said.status, said.codes) == (Status.DENIED, (Code.REFUSED,))
    assert said.result == ({"reason": "They pay by invoice."} if tells else None)
    assert findings() == []


def test_what_was_refused_lately_is_not_asked_again_by_an_agent(
    agent: Agent, operator: User
) -> None:
    refuse(ask_for_link(agent), operator)

    assert ask_for_link(agent, key="link-2").codes == (Code.RECENTLY_REFUSED,)


def test_nobody_decided_in_time(agent: Agent, operator: User) -> None:
    answer = ask_for_link(agent)

    expire_due(now=request_of(answer).decide_by)

    said = agent.get_action(answer.action)
    assert (said.status, said.codes) == (Status.DENIED, (Code.EXPIRED,))
    assert findings() == []


def test_revoked_before_it_ran(agent: Agent, operator: User) -> None:
    answer = ask_for_link(agent)
    approve(answer, operator)

    revoke(answer.approval or "", person=operator, reason="", now=database_now())

    said = agent.get_action(answer.action)
    assert (said.status, said.codes) == (Status.DENIED, (Code.REVOKED,))
    assert findings() == []


@pytest.mark.parametrize("is_approved", [True, False])
@pytest.mark.parametrize("scope", list(Scope))
def test_a_stop_denies_what_waits_in_its_own_commit(
    agent: Agent, operator: User, scope: Scope, is_approved: bool
) -> None:
    answer = ask_for_link(agent)
    if is_approved:
        approve(answer, operator)
    refs = {
        Scope.ACCOUNT: "",
        Scope.PROJECT: agent.deal.project.reference,
        Scope.RUN: agent.run_ref,
    }

    stop(scope=scope, ref=refs[scope], by=NOBODY, now=database_now())

    said, request = agent.get_action(answer.action), request_of(answer)
    assert (said.status, said.codes) == (Status.DENIED, (Code.STOPPED,))
    assert (request.state, request.why_closed) == ("expired", "stopped")
    assert findings() == []


def test_a_stop_of_another_run_leaves_it_alone(agent: Agent, operator: User) -> None:
    answer, other = ask_for_link(agent), an_agent()

    stop(scope=Scope.RUN, ref=other.run_ref, by=NOBODY, now=database_now())

    assert call_of(answer).state == "needs_approval"


def test_what_the_posture_forbids_cannot_be_approved_and_waits(
    agent: Agent, operator: User
) -> None:
    answer = ask_for_link(agent)
    change_posture(
        scope=Scope.RUN,
        ref=agent.run_ref,
        posture=Posture.DRAFT_ONLY,
        by=NOBODY,
        now=database_now(),
    )

    with pytest.raises(CannotApprove, match="posture"):
        approve(answer, operator)

    assert (call_of(answer).state, request_of(answer).state) == ("needs_approval", "pending")
