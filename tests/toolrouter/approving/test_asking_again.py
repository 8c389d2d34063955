"""A person has asked again what an agent had asked: the run asks, the person is named, once."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.utils import DatabaseError

from approvals.ledger_rows import FIELDS
from approvals.models import ApprovalRequest, Decision
from approvals.usecases.expire_due import expire_due
from approvals.usecases.revoke import revoke
from crm.enums import DealStage
from crm.models import Deal
from kernel.references import new_reference
from tests.factories.people import client_of, make_person
from tests.factories.toolrouter import prove_stripe
from tests.owner import rewriting
from tests.toolrouter.agents import Agent, database_now
from tests.toolrouter.approving.deciding import (
    approve,
    ask_for_link,
    call_of,
    findings,
    refuse,
    request_of,
)
from toolrouter.answers import Answer
from toolrouter.exchanges.claim import claim
from toolrouter.models import RunToken, ToolCall
from toolrouter.usecases.ask_again import CannotAskAgain, MayNotAskAgain, ask_again
from toolrouter.vocabulary import Code, Status

pytestmark = pytest.mark.django_db


def again(answer: Answer, by: User) -> Answer:
    return ask_again(answer.action or "", person=by, now=database_now())


def press(by: User, answer: Answer) -> Any:
    address = f"/console/tool-calls/{answer.action}/again/"
    return client_of(by).post(address, follow=True)


@pytest.fixture
def refused(agent: Agent, operator: User) -> Answer:
    answer = ask_for_link(agent)
    refuse(answer, operator)
    return answer


def test_what_was_refused_is_asked_again_as_a_call_of_its_own(
    agent: Agent, operator: User, refused: Answer
) -> None:
    second = again(refused, operator)

    call, request = call_of(second), request_of(second)
    assert (second.status, call.again_of, call.again_by) == (
        Status.NEEDS_APPROVAL, call_of(refused), operator,
    )  # fmt: skip
    assert (call.run_ref, call.key, call.asked_digest != call_of(refused).asked_digest) == (
        agent.run_ref, None, True,
    )  # fmt: skip
    assert (request.asked_by, request.again_by) == (None, operator)
    assert request.again_of == request_of(refused)
    assert findings() == []


def test_whoever_asks_again_may_decide_it(agent: Agent, operator: User, refused: Answer) -> None:
    second = again(refused, operator)

    approve(second, operator)

    assert request_of(second).state == "approved"
    assert agent.get_action(second.action).status == Status.IN_PROGRESS


def test_where_two_are_needed_whoever_asks_again_is_neither(
    agent: Agent, operator: User, refused: Answer
) -> None:
    request = request_of(again(refused, operator))
    with rewriting(ApprovalRequest):
        ApprovalRequest.objects.filter(pk=request.pk).update(people_needed=2)
    page = client_of(operator).get(f"/console/approvals/{request.reference}/")

    assert not page.context["page"].may_decide
    assert client_of(operator).get("/console/approvals/").context["waiting"] == []
    with pytest.raises(DatabaseError, match="none of the two"):
        Decision.objects.create(
            reference=new_reference("dec"),
            request=request,
            person=operator,
            verdict="refuse",
            as_owner=False,
            fingerprint=request.fingerprint,
            shown_digest=request.shown_digest,
            decided_at=database_now(),
        )


@pytest.mark.parametrize("end", ["expired", "revoked", "superseded"])
def test_the_agent_reads_how_it_ended_and_where_it_was_asked_again(
    agent: Agent, operator: User, end: str, settings: Any
) -> None:
    answer = ask_for_link(agent)
    if end == "expired":
        expire_due(now=request_of(answer).decide_by)
    else:
        moment = approve(answer, operator)
        if end == "revoked":
            revoke(answer.approval or "", person=operator, reason="", now=database_now())
        else:
            settings.STRIPE_ACCOUNT = "acct_of_somebody_else"  # not what was approved
            prove_stripe()
            assert not claim(answer.action or "", now=moment)
    before = agent.get_action(answer.action)

    second = again(answer, operator)

    after = agent.get_action(answer.action)
    assert (before.status, before.codes, before.result) == (Status.DENIED, (Code(end),), None)
    assert (after.codes, after.result) == ((Code(end),), {"asked_again": second.action})
    assert agent.get_action(second.action).status == Status.NEEDS_APPROVAL


def test_it_needs_no_token_that_still_lets_anybody_in(
    agent: Agent, operator: User, refused: Answer
) -> None:
    RunToken.objects.update(ended_at=database_now(), end_reason="revoked")

    assert ask_for_link(agent, key="link-2").codes == (Code.RECENTLY_REFUSED, Code.REVOKED)
    assert again(refused, operator).status == Status.NEEDS_APPROVAL


def test_what_holds_now_decides_and_a_denial_is_written_down(
    agent: Agent, operator: User, refused: Answer
) -> None:
    Deal.objects.update(stage=DealStage.LOST)

    denied = again(refused, operator)

    call = call_of(denied)
    assert (denied.status, denied.codes) == (Status.DENIED, (Code.NOT_POSSIBLE,))
    assert (call.again_of, call.again_by) == (call_of(refused), operator)
    assert findings() == []
    Deal.objects.update(stage=DealStage.QUALIFIED)
    assert again(refused, operator).status == Status.NEEDS_APPROVAL


def test_it_is_asked_again_once_and_then_the_newer_one_is(
    agent: Agent, operator: User, refused: Answer
) -> None:
    second = again(refused, operator)

    with pytest.raises(CannotAskAgain, match="asked again already"):
        again(refused, operator)
    with pytest.raises(CannotAskAgain, match="not closed yet"):
        again(second, operator)
    refuse(second, operator)
    third = again(second, operator)
    assert request_of(third).again_of == request_of(second)


def test_what_is_open_already_is_not_opened_twice(agent: Agent, operator: User) -> None:
    answer = ask_for_link(agent)
    expire_due(now=request_of(answer).decide_by)
    open_now = ask_for_link(agent, key="link-2")

    said = again(answer, operator)

    assert (said.action, said.codes) == (open_now.action, (Code.DUPLICATE,))


def test_a_call_that_was_refused_too_lately_can_be_asked_by_a_person(
    agent: Agent, operator: User, refused: Answer
) -> None:
    too_soon = ask_for_link(agent, key="link-2")
    assert too_soon.codes == (Code.RECENTLY_REFUSED,)

    second = again(too_soon, operator)

    assert (request_of(second).again_by, request_of(second).again_of) == (operator, None)


def test_who_could_not_decide_it_does_not_ask_again(agent: Agent, refused: Answer) -> None:
    with pytest.raises(MayNotAskAgain):
        again(refused, make_person("auditor"))


def test_what_was_erased_is_not_asked_again(agent: Agent, operator: User, refused: Answer) -> None:
    ToolCall.objects.update(asked="", asked_salt="")

    with pytest.raises(CannotAskAgain, match="erased"):
        again(refused, operator)


def test_the_button_leads_to_the_request_that_waits(
    agent: Agent, operator: User, refused: Answer
) -> None:
    assert (
        "Ask again"
        in client_of(operator).get(f"/console/tool-calls/{refused.action}/").content.decode()
    )
    page = press(operator, refused)

    newer = ApprovalRequest.objects.latest("pk")
    assert page.redirect_chain[-1] == (f"/console/approvals/{newer.reference}/", 302)
    text = page.content.decode()
    assert "Asked again. It is waiting for a decision." in text
    assert operator.email in text
    older = client_of(operator).get(f"/console/approvals/{refused.approval}/")
    assert newer.reference in older.content.decode()
    assert "It was asked again already" in press(operator, refused).content.decode()


def test_the_button_says_why_it_was_denied(agent: Agent, operator: User, refused: Answer) -> None:
    Deal.objects.update(stage=DealStage.LOST)

    page = press(operator, refused)

    assert page.redirect_chain[-1][0].endswith("/why/")
    assert "rules do not allow it" in page.content.decode()


def test_nothing_is_asked_by_opening_the_address_or_by_an_auditor(
    agent: Agent, operator: User, refused: Answer
) -> None:
    address = f"/console/tool-calls/{refused.action}/again/"

    assert client_of(operator).get(address).status_code == 302
    assert client_of(make_person("auditor")).post(address).status_code == 403
    assert client_of(operator).post("/console/tool-calls/call_nobody/again/").status_code == 404
    assert ApprovalRequest.objects.count() == 1


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (ToolCall, {"again_by": None}),
        (ApprovalRequest, {"again_by": None, "again_of": None}),
        (ApprovalRequest, {"again_of": None}),
    ],
)
def test_who_asked_again_cannot_be_changed_past_us_unseen(
    agent: Agent, operator: User, refused: Answer, model: Any, change: dict[str, Any]
) -> None:
    second = again(refused, operator)
    assert found() == []

    with rewriting(model):
        newest = call_of(second) if model is ToolCall else request_of(second)
        model.objects.filter(pk=newest.pk).update(**change)

    assert found() != []


def found() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(FIELDS)
        fields = [(code, says) for code, _what, says in cursor.fetchall()]
    return [*fields, *findings()]
