"""What a version before showed, and this one cannot, expires; ``doctor`` lists it beforehand."""

from __future__ import annotations

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from approvals.enums import RequestState, Why
from approvals.operations.locking import TooLate
from approvals.queries import requests_of_gone_versions
from approvals.usecases.expire_due import expire_due
from revenue.tools import PaymentLinkEffect
from tests.sandbox.running_sandbox import RunningSandbox
from tests.toolrouter.agents import Agent, database_now
from tests.toolrouter.approving.deciding import (
    approve,
    at_stripe,
    call_of,
    findings,
    request_of,
    run_at,
)
from toolrouter import policy, presenter
from toolrouter import registry as operations
from toolrouter.answers import Answer
from toolrouter.enums import CallState
from toolrouter.vocabulary import Code
from trinity.doctor.agents import look_at_open_requests
from trinity.doctor.findings import Level, bad

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pages_use_outside")]


def newer_presenter(patch: pytest.MonkeyPatch) -> str:
    patch.setattr(presenter, "VERSION", "tool-99")
    return "presenter tool-1"


def newer_policy(patch: pytest.MonkeyPatch) -> str:
    before = policy.VERSION
    patch.setattr(policy, "VERSION", 99)
    return f"policy {before}"


def newer_words_of_its_own(patch: pytest.MonkeyPatch) -> str:
    patch.setattr(PaymentLinkEffect, "presenter_version", "99")
    return "presenter 1 of revenue.prepare_payment_link"


def without_the_operation(patch: pytest.MonkeyPatch) -> str:
    patch.setattr(operations.registry(), "entries", ())
    return "operation revenue.prepare_payment_link"


DEPLOYS = [newer_presenter, newer_policy, newer_words_of_its_own, without_the_operation]
deploys = pytest.mark.parametrize("deploy", DEPLOYS, ids=lambda deploy: deploy.__name__)


@deploys
def test_doctor_of_the_new_version_lists_what_it_would_let_expire(
    answer: Answer, monkeypatch: pytest.MonkeyPatch, deploy: object
) -> None:
    [before] = look_at_open_requests()
    assert before.level == Level.OK

    gone = deploy(monkeypatch)  # type: ignore[operator]  # one of DEPLOYS
    [listed] = look_at_open_requests()

    assert listed.level == Level.WARN
    assert f"{answer.approval} (pending) was shown by {gone}," in listed.words
    assert request_of(answer).state == RequestState.PENDING  # the doctor only looks


def test_doctor_lists_them_also_before_the_new_versions_migrations_ran(
    answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer_policy(monkeypatch)
    monkeypatch.setattr(
        "trinity.doctor.database.look_at_database",
        lambda: [bad("migrations", "1 not applied", "Run manage.py migrate.")],
    )
    out = StringIO()

    with pytest.raises(CommandError):
        call_command("doctor", stdout=out)

    assert f"{answer.approval} (pending) was shown by policy" in out.getvalue()


@deploys
@pytest.mark.parametrize("is_approved", [False, True], ids=["pending", "approved"])
def test_after_the_deploy_it_expires_with_that_reason_and_nothing_is_made(
    answer: Answer,
    operator: User,
    outside: RunningSandbox,
    monkeypatch: pytest.MonkeyPatch,
    deploy: object,
    is_approved: bool,
) -> None:
    moment = approve(answer, operator) if is_approved else database_now()
    assert expire_due(now=database_now()) == 0

    deploy(monkeypatch)  # type: ignore[operator]  # one of DEPLOYS
    assert expire_due(now=database_now()) == 1
    monkeypatch.undo()

    request = request_of(answer)
    assert (request.state, request.why_closed) == (RequestState.EXPIRED, Why.VERSION_GONE)
    assert (call_of(answer).state, call_of(answer).codes) == (CallState.DENIED, [Code.EXPIRED])
    assert requests_of_gone_versions() == []
    assert run_at(moment) == 0
    assert at_stripe(outside) == []
    assert findings() == []


@pytest.mark.parametrize("deploy", DEPLOYS[:2], ids=lambda deploy: deploy.__name__)
def test_nobody_approves_what_this_version_cannot_show(
    agent: Agent,
    answer: Answer,
    operator: User,
    monkeypatch: pytest.MonkeyPatch,
    deploy: object,
) -> None:
    deploy(monkeypatch)  # type: ignore[operator]  # one of DEPLOYS

    with pytest.raises(TooLate, match="expired"):
        approve(answer, operator)

    assert request_of(answer).why_closed == Why.VERSION_GONE
