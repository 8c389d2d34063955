"""After a stop or a hold nothing is posted, and the pages name what is left."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from approvals.enums import RequestState, Why
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.enums import PaymentLinkState
from tests.factories.people import client_of, make_person
from tests.outside import lose_next_answer
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
    the_link,
)
from toolrouter.answers import Answer
from toolrouter.enums import CallState, IncidentKind, Scope
from toolrouter.exchanges.lost import look_for_lost
from toolrouter.exchanges.outcomes import record_made
from toolrouter.exchanges.receipts import read_receipts
from toolrouter.models import Incident, ProviderReceipt, RunToken, Stop, ToolCall
from toolrouter.operations.changes import By
from toolrouter.operations.claiming import effect_of
from toolrouter.operations.settling import fail
from toolrouter.queries.left import left_of
from toolrouter.usecases.stop import stop
from toolrouter.usecases.tend_incident import close_incident, open_incident
from toolrouter.vocabulary import Code, Status

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pages_use_outside")]
NOBODY = By(actor_id=None, reason="Something looks wrong.")
SCOPES = [Scope.ACCOUNT, Scope.PROJECT, Scope.RUN]


def ref_of(agent: Agent, scope: Scope) -> str:
    return {"account": "", "project": agent.deal.project.reference, "run": agent.run_ref}[scope]


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("is_approved", [True, False])
def test_a_stop_closes_what_waits_in_its_scope(
    scope: Scope, is_approved: bool, agent: Agent, operator: User, answer: Answer
) -> None:
    other = an_agent(stage="qualified", offer_id=agent.deal.offer_id)
    elsewhere = ask_for_link(other)
    if is_approved:
        approve(answer, operator)

    stop(scope=scope, ref=ref_of(agent, scope), by=NOBODY, now=database_now())

    request, call = request_of(answer), call_of(answer)
    assert (request.state, request.why_closed) == (RequestState.EXPIRED, Why.STOPPED)
    assert (call.state, call.codes) == (CallState.DENIED, ["stopped"])
    is_reached = scope == Scope.ACCOUNT or ref_of(other, scope) == ref_of(agent, scope)
    assert (request_of(elsewhere).state == RequestState.EXPIRED) is is_reached
    assert (RunToken.objects.filter(ended_at=None).count() == 0) is is_reached
    assert findings() == []


def test_with_redis_down_a_stop_is_said_all_the_same(
    answer: Answer, operator: User, settings: Any
) -> None:
    client = client_of(operator)
    for name in ("CELERY_BROKER_URL", "REDIS_URL"):
        setattr(settings, name, "redis://127.0.0.1:9/0")
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": settings.REDIS_URL}}

    said = client.post("/console/stop/", {"scope": "account", "ref": "", "reason": "Now."})

    made = Stop.objects.get()
    assert (said.status_code, said["Location"]) == (302, f"/console/stops/{made.reference}/")
    assert call_of(answer).codes == ["stopped"]


@pytest.fixture
def unheard(operator: User, answer: Answer, outside: RunningSandbox) -> ToolCall:
    """A call that Stripe did, and we never heard of it."""
    moment = approve(answer, operator)
    lose_next_answer(outside, "/v1/payment_links")
    run_at(moment)
    outside.clear_faults()
    return call_of(answer)


def test_the_page_of_a_stop_names_what_is_left_and_says_inert_when_stripe_confirms_it(
    unheard: ToolCall, operator: User, outside: RunningSandbox
) -> None:
    client = client_of(operator)
    made = stop(scope=Scope.ACCOUNT, ref="", by=NOBODY, now=database_now())

    def page() -> str:
        return client.get(f"/console/stops/{made.reference}/").content.decode()

    unknown = page()
    outside.control("faults", path="/v1/payment_links/", method="GET", effect="status", status=500)
    look_for_lost(clock=at(unheard.look_at or database_now()))
    uncompared = page()
    outside.clear_faults()
    read_receipts(clock=database_now)
    works = page()
    link = the_link()
    link.move(PaymentLinkState.DEACTIVATED, deactivated_at=database_now())
    over = page()

    shown = [
        (
            "At the provider or unknown" in each,
            "Not compared yet" in each,
            ">works<" in each,
        )
        for each in (unknown, uncompared, works, over)
    ]
    assert shown == [
        (True, False, False), (False, True, True), (False, False, True), (False, False, False),
    ]  # fmt: skip
    assert [">inert<" in each for each in (unknown, uncompared, works, over)] == [
        False, False, False, True,
    ]  # fmt: skip
    assert f"/console/payment-links/{link.reference}/" in works
    assert len(at_stripe(outside)) == 1


def test_what_was_done_before_the_stop_is_not_named(
    answer: Answer, operator: User, outside: RunningSandbox
) -> None:
    run_at(approve(answer, operator))

    later = database_now()

    assert ProviderReceipt.objects.get().made_at > later  # the hold is over in the test's future
    after = left_of(Scope.ACCOUNT, "", since=ProviderReceipt.objects.get().made_at)
    before = left_of(Scope.RUN, "run_another", since=later)
    assert ([one.works for one in after.found], after.is_inert) == ([True], False)
    assert (list(before.found), before.is_inert) == ([], True)


def test_the_command_says_what_is_left(unheard: ToolCall) -> None:
    out = StringIO()

    call_command("stop", "--project", unheard.project_ref, stdout=out)

    assert "Left: 1 at the provider or unknown, 0 not compared" in out.getvalue()


def test_under_a_hold_a_request_stays_and_nobody_can_approve_it(
    agent: Agent, operator: User, answer: Answer, outside: RunningSandbox
) -> None:
    """An incident may be closed within minutes; what people were asked is still the question."""
    incident_ref = open_incident(
        kind=IncidentKind.LEGAL, scope=Scope.PROJECT, ref=ref_of(agent, Scope.PROJECT),
        by=NOBODY, now=database_now(),
    )  # fmt: skip

    with pytest.raises(Exception, match="hold"):
        approve(answer, operator)
    assert agent.note("Meanwhile.").codes == (Code.HOLD,)
    assert request_of(answer).state == RequestState.PENDING

    owner = By(actor_id=make_person("owner").pk, reason="Nothing in it.")
    close_incident(incident_ref=incident_ref, by=owner, now=database_now())
    assert run_at(approve(answer, operator)) == 1
    assert len(at_stripe(outside)) == 1


def test_what_was_approved_is_denied_at_the_claim_under_a_hold(
    agent: Agent, operator: User, answer: Answer, outside: RunningSandbox
) -> None:
    moment = approve(answer, operator)
    open_incident(
        kind=IncidentKind.LEGAL, scope=Scope.RUN, ref=agent.run_ref, by=NOBODY, now=moment
    )

    assert run_at(moment) == 0

    assert (request_of(answer).why_closed, call_of(answer).codes) == (Why.HOLD, ["hold"])
    assert (at_stripe(outside), findings()) == ([], [])


def test_an_answer_from_another_world_opens_an_incident_and_holds_the_project(
    agent: Agent, operator: User, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment, asks = approve(answer, operator), StripeGateway.make_payment_link

    def asks_as_if_it_were_live(self: StripeGateway, **what: Any) -> Any:
        monkeypatch.setattr(self, "_is_live", True)  # so the sandbox is another world
        return asks(self, **what)

    monkeypatch.setattr(StripeGateway, "make_payment_link", asks_as_if_it_were_live)

    run_at(moment)

    incident, call = Incident.objects.get(), call_of(answer)
    assert (incident.kind, incident.scope, incident.ref, incident.about_ref) == (
        IncidentKind.MODE, Scope.PROJECT, call.project_ref, call.reference,
    )  # fmt: skip
    assert (call.state, agent.get_action(call.reference).status) == ("unknown", Status.UNKNOWN)
    assert agent.note("Meanwhile.").codes == (Code.HOLD,)
    assert findings() == []


def test_what_turns_up_after_it_was_given_up_is_written_down_with_an_incident(
    unheard: ToolCall, outside: RunningSandbox
) -> None:
    """Absent twice, and there after all: a listing that was late at the provider."""
    made = effect_of(unheard).find(unheard.reference)
    assert made is not None
    sql_past_us("revenue_paymentlink", "UPDATE {} SET state = 'failed', last_error = 'never_made'")
    fail(unheard, now=database_now())

    record_made(unheard.reference, made, now=database_now())

    incident = Incident.objects.get()
    assert (incident.kind, incident.scope, incident.about_ref) == (
        IncidentKind.MISMATCH, Scope.PROJECT, unheard.reference,
    )  # fmt: skip
    assert (the_link().state, the_link().stripe_id) == ("active", made.provider_ref)
    assert ToolCall.objects.get().state == CallState.FAILED
    page = client_of(make_person("operator")).get(f"/console/incidents/{incident.reference}/")
    assert f"/console/tool-calls/{unheard.reference}/" in page.content.decode()


def test_the_page_of_an_incident_leads_to_the_call_that_it_is_about(unheard: ToolCall) -> None:
    incident_ref = open_incident(
        kind=IncidentKind.LEGAL, scope=Scope.RUN, ref=unheard.run_ref, by=NOBODY,
        now=database_now(),
    )  # fmt: skip

    shown = client_of(make_person("auditor")).get(f"/console/incidents/{incident_ref}/")

    assert "At the provider or unknown" in shown.content.decode()
