"""Safety, stops, incidents, tokens and subjects as people use them."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils import timezone

from crm.models import Deal, Project
from kernel.money import Money
from kernel.references import new_reference
from tests.factories.crm import CompanyFactory, DealFactory
from tests.factories.fulfillment import NOON, planned_run
from tests.factories.people import client_of, make_person
from tests.factories.toolrouter import OWNER
from tests.toolrouter.books import differences
from toolrouter import queries
from toolrouter.enums import POSTURE_NOTES, IncidentKind, Scope
from toolrouter.models import (
    Grant,
    GrantSubject,
    Incident,
    ProjectSettings,
    RunToken,
    SafetyChange,
    SafetySettings,
    SpendCap,
    Stop,
)
from toolrouter.usecases.stop import stop
from toolrouter.usecases.tend_incident import open_incident

pytestmark = pytest.mark.django_db(transaction=True)
WHY = "The vendor wrote twice."


@pytest.fixture
def owner() -> Client:
    return client_of(make_person("owner"), is_fresh=True)


@pytest.fixture
def operator() -> Client:
    return client_of(make_person("operator"))


@pytest.fixture
def grant() -> Grant:
    """The grant of a run that has not expired."""
    return Grant.objects.get(run_ref=planned_run(now=timezone.now()).reference)


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


@pytest.mark.parametrize("role", ["owner", "operator", "auditor"])
def test_everybody_reads_safety_and_only_an_owner_is_offered_changes(
    role: str, grant: Grant
) -> None:
    client = client_of(make_person(role))
    run, project = f"/console/runs/{grant.run_ref}/", f"/console/projects/{grant.project_ref}/"

    shown = [page(client, path) for path in ("/console/safety/", run, project)]
    page(client, "/console/safety/history/")
    page(client, "/console/incidents/")
    page(client, "/console/projects/")

    assert all(("/console/safety/posture/" in each) is (role == "owner") for each in shown)
    assert all(("/console/stop/?" in each) is (role != "auditor") for each in shown)
    assert grant.run_code in shown[1]


def test_a_cap_is_set_with_its_reason(owner: Client, grant: Grant) -> None:
    fields = {
        "family": "purchase", "mode": "sandbox", "time_window": "24h", "currency": "usd",
        "limit": "12.50", "reason": WHY,
    }  # fmt: skip

    answer = owner.post(f"/console/safety/caps/each_run/?ref={grant.project_ref}", fields)

    assert (answer.status_code, answer["Location"]) == (
        302, f"/console/projects/{grant.project_ref}/",
    )  # fmt: skip
    cap = SpendCap.objects.get()
    assert (cap.scope, cap.ref, cap.limit) == (
        "each_run", grant.project_ref, Money(1250, "USD"),
    )  # fmt: skip
    assert WHY in page(owner, "/console/safety/history/")
    assert "$12.50" in page(owner, f"/console/projects/{grant.project_ref}/")


@pytest.mark.parametrize(
    "wrong",
    [{"limit": "1e3"}, {"limit": "-1"}, {"limit": "1.001"}, {"currency": "XXZ"}, {"reason": ""},
     {"time_window": "1h"}, {"mode": "dream"}, {"limit": "١٠٠"}],
)  # fmt: skip
def test_a_cap_that_is_none_changes_nothing(wrong: dict[str, str], owner: Client) -> None:
    fields = {
        "family": "purchase", "mode": "sandbox", "time_window": "24h", "currency": "USD",
        "limit": "12.50", "reason": WHY,
    }  # fmt: skip

    answer = owner.post("/console/safety/caps/account/", fields | wrong)

    assert answer.status_code == 400
    assert "Nothing was changed yet." in answer.content.decode()
    assert not SpendCap.objects.exists()


@pytest.mark.parametrize(
    "path",
    ["/console/safety/caps/run/?ref=run_none", "/console/safety/caps/galaxy/",
     "/console/safety/posture/?scope=project&ref=prj_none", "/console/stop/?scope=run&ref=x",
     "/console/safety/posture/?scope=galaxy", "/console/incidents/inc_none/",
     "/console/stops/stp_none/release/"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(path: str, owner: Client) -> None:
    assert owner.get(path).status_code == 404


def test_without_a_fresh_proof_nothing_changes(grant: Grant) -> None:
    stale = client_of(make_person("owner"))

    for path, fields in [
        ("/console/safety/posture/", {"scope": "account", "posture": "hold", "reason": WHY}),
        (f"/console/runs/{grant.run_ref}/tokens/", {"hours": "1"}),
    ]:
        answer = stale.post(path, fields)
        assert answer.status_code == 200
        assert "proof-" in answer.content.decode()

    assert (SafetyChange.objects.count(), RunToken.objects.count()) == (0, 0)


def test_a_posture_changes_on_its_page(owner: Client, grant: Grant) -> None:
    fields = {"scope": "run", "ref": grant.run_ref, "posture": "draft_only", "reason": WHY}

    owner.post("/console/safety/posture/", fields)

    assert queries.safety_of(grant.pk).posture == "draft_only"
    assert POSTURE_NOTES["draft_only"] in page(owner, f"/console/runs/{grant.run_ref}/")
    assert grant.run_ref[:8] in page(owner, "/console/safety/")


def test_the_accounts_settings_are_changed_together(owner: Client) -> None:
    fields = {
        "outreach_open": "on", "funding_share_percent": "40", "two_people_amount": "100",
        "two_people_currency": "USD", "decide_outbound_h": "24", "decide_spend_h": "6",
        "decide_provisioning_h": "24", "reason": WHY,
    }  # fmt: skip

    assert owner.post("/console/safety/settings/", fields).status_code == 302

    account = SafetySettings.objects.get()
    assert (account.outreach_open, account.spend_open, account.two_people_from) == (
        True, False, Money(10_000, "USD"),
    )  # fmt: skip
    assert (account.funding_share_percent, account.decide_spend_h) == (40, 6)
    assert "from <span" in page(owner, "/console/safety/")


@pytest.mark.parametrize("scope", Scope)
def test_an_operator_stops_and_only_an_owner_releases(
    scope: Scope, owner: Client, operator: Client, grant: Grant
) -> None:
    ref = {"account": "", "project": grant.project_ref, "run": grant.run_ref}[scope]
    asked = page(operator, f"/console/stop/?scope={scope}&ref={ref}")

    operator.post("/console/stop/", {"scope": scope, "ref": ref, "reason": WHY})

    assert 'name="scope"' in asked
    made = Stop.objects.get()
    assert (made.scope, made.ref, queries.safety_of(grant.pk).stopped) == (scope, ref, (scope,))
    release = f"/console/stops/{made.reference}/release/"
    assert operator.post(release, {"reason": WHY}).status_code == 403
    assert "Release" in page(owner, "/console/safety/")
    owner.post(release, {"reason": "All clear."})
    assert queries.safety_of(grant.pk).stopped == ()
    assert differences() == []


def test_an_auditor_stops_nothing_and_reads_no_reason(grant: Grant) -> None:
    stop(scope=Scope.ACCOUNT, ref="", by=OWNER, now=timezone.now())
    auditor = client_of(make_person("auditor"))

    assert auditor.post("/console/stop/", {"scope": "run", "ref": grant.run_ref}).status_code == 403
    shown = page(auditor, "/console/safety/")

    assert OWNER.reason not in shown
    assert "Stopped" in shown


def test_a_token_is_shown_once(owner: Client, grant: Grant) -> None:
    run_page = f"/console/runs/{grant.run_ref}/"
    assert "No token yet" in page(owner, run_page)

    answer = owner.post(f"{run_page}tokens/", {"hours": "2"})

    shown = answer.content.decode()
    [token] = re.findall(r"trt_[\w-]{43}", shown)
    found = queries.credential_of(token)
    assert found is not None
    assert found.run_ref == grant.run_ref
    assert "no-store" in answer["Cache-Control"]
    assert token not in page(owner, run_page)


def test_a_token_is_revoked_on_the_runs_page(owner: Client, operator: Client, grant: Grant) -> None:
    owner.post(f"/console/runs/{grant.run_ref}/tokens/", {"hours": "2"})
    token = RunToken.objects.get()
    path = f"/console/run-tokens/{token.reference}/revoke/"

    assert operator.post(path).status_code == 403
    owner.post(path)

    assert RunToken.objects.get().end_reason == "revoked"
    assert "Revoked" in page(owner, f"/console/runs/{grant.run_ref}/")
    assert owner.post("/console/run-tokens/tok_none/revoke/").status_code == 404


def test_a_stopped_run_gets_no_token_and_the_page_says_why(owner: Client, grant: Grant) -> None:
    stop(scope=Scope.PROJECT, ref=grant.project_ref, by=OWNER, now=timezone.now())

    answer = owner.post(f"/console/runs/{grant.run_ref}/tokens/", {"hours": "2"})

    assert answer.status_code == 409
    assert "Agents are stopped here." in answer.content.decode()


def deal_in(project: Project, **fields: object) -> Deal:
    deal: Deal = DealFactory(project=project, company=CompanyFactory(), **fields)
    return deal


def test_an_owner_lets_a_run_know_of_a_deal_of_its_project(owner: Client, grant: Grant) -> None:
    deal = deal_in(Project.objects.get(reference=grant.project_ref))
    path = f"/console/runs/{grant.run_ref}/deals/"
    before = GrantSubject.objects.count()

    owner.post(path, {"deal": deal.reference})
    owner.post(path, {"deal": deal.reference})

    added = GrantSubject.objects.filter(added_by__isnull=False)
    assert set(added.values_list("subject_ref", flat=True)) == {
        deal.reference, deal.contact.reference, deal.company.reference,
    }  # fmt: skip
    assert GrantSubject.objects.count() == before + 3
    shown = page(owner, f"/console/runs/{grant.run_ref}/")
    assert deal.company is not None
    assert deal.contact is not None
    for name in (f"Deal with {deal.company.name}", deal.contact.name):
        assert name in shown
    assert differences() == []


def test_a_deal_of_elsewhere_is_said_to_be_none(owner: Client, grant: Grant) -> None:
    other = Project.objects.create(
        reference=new_reference("prj"), name="Elsewhere", created_at=NOON
    )
    home = Project.objects.get(reference=grant.project_ref)
    path = f"/console/runs/{grant.run_ref}/deals/"
    deals = [deal_in(other).reference, deal_in(home, mode="test").reference, new_reference("deal")]

    said = set()
    for deal in deals:
        answer = owner.post(path, {"deal": deal})
        assert answer.status_code == 404
        said.add(re.sub(r"deal_\w+", "…", answer.content.decode().split("alert")[1][:200]))

    assert len(said) == 1
    assert not GrantSubject.objects.filter(added_by__isnull=False).exists()


def test_an_owner_opens_and_closes_a_legal_incident(owner: Client, grant: Grant) -> None:
    fields = {"scope": "project", "ref": grant.project_ref, "reason": WHY}

    opened = owner.post("/console/incidents/open/", fields)

    incident = Incident.objects.get()
    assert opened["Location"] == f"/console/incidents/{incident.reference}/"
    assert (incident.kind, queries.safety_of(grant.pk).held) == ("legal", (Scope.PROJECT,))
    assert WHY in page(owner, opened["Location"])
    owner.post(f"{opened['Location']}close/", {"reason": "Answered by counsel."})
    assert queries.safety_of(grant.pk).held == ()
    assert "Answered by counsel." in page(owner, opened["Location"])


def test_an_operator_closes_no_incident(operator: Client, grant: Grant) -> None:
    reference = open_incident(
        kind=IncidentKind.MISMATCH, scope=Scope.RUN, ref=grant.run_ref, by=OWNER,
        now=timezone.now(),
    )  # fmt: skip

    answer = operator.post(f"/console/incidents/{reference}/close/", {"reason": WHY})

    assert answer.status_code == 403
    assert queries.safety_of(grant.pk).held == (Scope.RUN,)


def test_a_project_is_made_renamed_and_given_a_deal(operator: Client) -> None:
    made = operator.post("/console/projects/make/", {"name": "Kitchens of Kiel"})
    project = Project.objects.get(name="Kitchens of Kiel")
    operator.post(f"/console/projects/{project.reference}/rename/", {"name": "Kitchens"})
    deal: Deal = DealFactory()
    operator.post(f"/console/deals/{deal.reference}/project/", {"project": project.reference})

    project.refresh_from_db()
    deal.refresh_from_db()
    assert made["Location"] == f"/console/projects/{project.reference}/"
    assert ProjectSettings.objects.filter(project_ref=project.reference).exists()
    assert (project.name, deal.project_id) == ("Kitchens", project.pk)
    assert "Kitchens" in page(operator, f"/console/deals/{deal.reference}/")
    assert differences() == []


def test_a_name_is_taken_once(operator: Client) -> None:
    operator.post("/console/projects/make/", {"name": "Kitchens"})

    again = operator.post("/console/projects/make/", {"name": "Kitchens"})

    assert again.status_code == 400
    assert "Another project has that name." in again.content.decode()
    assert Project.objects.filter(name="Kitchens").count() == 1


def test_the_home_project_keeps_its_name(operator: Client, grant: Grant) -> None:
    home = Project.objects.get(reference=grant.project_ref)

    operator.post(f"/console/projects/{home.reference}/rename/", {"name": "Another"})

    assert Project.objects.get(pk=home.pk).name == home.name


@pytest.mark.parametrize("case", ["won", "known"])
def test_a_deal_that_a_run_works_on_stays_in_its_project(
    case: str, owner: Client, grant: Grant
) -> None:
    home = Project.objects.get(reference=grant.project_ref)
    other = Project.objects.create(
        reference=new_reference("prj"), name="Elsewhere", created_at=NOON
    )
    won = {"stage": "won", "won_order_ref": new_reference("ord")} if case == "won" else {}
    deal = deal_in(home, **won)
    if case == "known":
        owner.post(f"/console/runs/{grant.run_ref}/deals/", {"deal": deal.reference})

    path = f"/console/deals/{deal.reference}/project/"
    answer = owner.post(path, {"project": other.reference}, follow=True)

    deal.refresh_from_db()
    assert deal.project_id == home.pk
    assert "Nothing was changed." in answer.content.decode()
