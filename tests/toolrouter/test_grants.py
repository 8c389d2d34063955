"""A run's grant: what it begins with, what it is about, and what changes it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kernel.money import Money
from kernel.references import new_reference
from ledger.models import LedgerEntry
from tests.factories.toolrouter import OWNER, cap_key, new_grant, new_project
from tests.owner import as_owner, rewriting
from tests.toolrouter.books import differences
from toolrouter import operations, queries
from toolrouter.enums import CapScope, Posture, Scope
from toolrouter.models import Grant, GrantSubject, ProjectSettings, SafetySettings, SpendCap
from toolrouter.queries.headroom import Spend, caps_on
from toolrouter.usecases.change_cap import change_cap

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_account_has_one_row_that_always_is_there() -> None:
    account = SafetySettings.objects.get()

    assert (account.posture, account.outreach_open, account.spend_open) == ("normal", False, False)
    with pytest.raises(IntegrityError, match="safety_settings_once"):
        SafetySettings.objects.create()
    with pytest.raises(IntegrityError, match="safety_settings_one_row"):
        SafetySettings.objects.create(is_the_one=False)


def test_a_project_gets_its_settings_once() -> None:
    project_ref, now = new_reference("prj"), timezone.now()

    made = [operations.open_project(project_ref, now=now) for _ in range(2)]

    assert made == [True, False]
    assert ProjectSettings.objects.filter(project_ref=project_ref).count() == 1


def test_a_grant_names_its_run_its_subjects_and_what_it_brought() -> None:
    deal, contact = new_reference("deal"), new_reference("con")

    grant = new_grant(subjects=[deal, contact, deal], funded=Money(4900, "EUR"))

    found = queries.grant_of_run(grant.run_ref)
    assert found is not None
    assert (found.funded, found.kind, found.mode) == (Money(4900, "EUR"), "fulfilment", "sandbox")
    assert queries.grant_of_run(grant.run_code.lower()) == found
    subjects = GrantSubject.objects.order_by("pk").values_list("subject_ref", "added_by")
    assert list(subjects) == [(deal, None), (contact, None)]
    assert differences() == []


def test_a_grant_begins_with_its_projects_cap_for_each_run() -> None:
    project_ref, now = new_project(), timezone.now()
    key = cap_key(CapScope.EACH_RUN, project_ref)
    change_cap(key=key, limit=Money(500, "USD"), by=OWNER, now=now)
    first = new_grant(project_ref=project_ref)

    change_cap(key=key, limit=Money(900, "USD"), by=OWNER, now=now)
    second = new_grant(project_ref=project_ref)
    of_another_mode = new_grant(project_ref=project_ref, mode="test")

    limits = dict(SpendCap.objects.filter(scope="run").values_list("ref", "limit_minor"))
    assert limits == {first.run_ref: 500, second.run_ref: 900}
    assert limits_on(second) == [900]
    assert limits_on(of_another_mode) == []
    assert differences() == []


def test_open_runs_have_codes_of_their_own() -> None:
    first, second = new_grant(), new_grant()

    with pytest.raises(IntegrityError, match="grant_code_of_one_run"), rewriting(Grant):
        Grant.objects.filter(pk=second.pk).update(run_code=first.run_code)
    assert len({first.run_code, second.run_code}) == 2
    assert {len(first.run_code), len(second.run_code)} == {4}


def test_a_code_is_free_again_when_its_run_has_ended() -> None:
    grant = new_grant()

    operations.end_grant(grant.run_ref, now=timezone.now())

    assert queries.grant_of_run(grant.run_code) is None
    assert queries.grant_of_run(grant.run_ref) is not None


def test_freezing_holds_a_grant_and_resuming_lifts_it() -> None:
    grant, now = new_grant(), timezone.now()

    operations.freeze_grant(grant.run_ref, now=now)
    operations.freeze_grant(grant.run_ref, now=now + timedelta(hours=1))
    frozen = queries.safety_of(grant.pk)
    operations.resume_grant(grant.run_ref)

    assert (frozen.is_frozen, frozen.grant.frozen_at) == (True, now)
    assert queries.safety_of(grant.pk).is_frozen is False


def test_what_it_brought_is_what_was_said_last_in_its_currency() -> None:
    grant = new_grant(funded=Money(100, "USD"))

    operations.set_funded(grant.run_ref, funded=Money(40, "USD"))
    operations.set_funded(grant.run_ref, funded=Money(999, "EUR"))

    assert queries.safety_of(grant.pk).grant.funded == Money(40, "USD")


@pytest.mark.parametrize("column", ["run_ref", "kind", "mode", "trace_ref", "expires_at"])
def test_what_a_grant_was_opened_for_never_changes(column: str) -> None:
    grant = new_grant()
    other = {
        "run_ref": new_reference("run"),
        "kind": "trial",
        "mode": "live",
        "trace_ref": new_reference("trc"),
        "expires_at": timezone.now() + timedelta(days=9),
    }

    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic(), as_owner():
        Grant.objects.filter(pk=grant.pk).update(**{column: other[column]})


def limits_on(grant: Grant) -> list[int]:
    spend = Spend(
        family="purchase",
        currency="USD",
        mode=grant.mode,
        project_ref=grant.project_ref,
        run_ref=grant.run_ref,
    )
    return [cap.limit_minor for cap in caps_on(spend, now=timezone.now())]


def test_what_holds_is_asked_in_one_statement_and_says_the_strictest_posture() -> None:
    grant = new_grant()
    ProjectSettings.objects.filter(project_ref=grant.project_ref).update(posture="read_only")
    Grant.objects.filter(pk=grant.pk).update(posture="draft_only")

    with CaptureQueriesContext(connection) as captured, transaction.atomic():
        safety = queries.safety_of(grant.pk, lock=True)

    assert (safety.posture, safety.stopped, safety.held) == (Posture.READ_ONLY, (), ())
    [asked] = [query["sql"] for query in captured if "SELECT" in query["sql"]]
    assert asked.endswith("FOR SHARE OF account, project, held")


def test_a_grant_that_is_not_there_is_said_so() -> None:
    with pytest.raises(queries.GrantNotFound):
        queries.safety_of(0)


def test_a_grant_without_its_entry_is_a_finding() -> None:
    grant = new_grant(subjects=[new_reference("deal")])
    assert differences() == []

    Grant.objects.create(
        reference=new_reference("gra"), run_ref=new_reference("run"), run_code="ZZZZ",
        project_id=grant.project_ref, kind="trial", mode="sandbox", currency="USD",
        trace_ref=grant.trace_ref, opened_at=grant.opened_at, expires_at=grant.expires_at,
    )  # fmt: skip

    assert [code for code, _ in differences()] == ["row_without_entry"]


def test_scope_words_are_the_rows_that_can_be_locked() -> None:
    assert set(Scope) == {"account", "project", "run"}
    assert LedgerEntry.objects.count() == 0
