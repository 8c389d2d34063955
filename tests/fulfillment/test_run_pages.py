"""The pages of runs."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fulfillment.enums import FreezeReason, RunLimit
from fulfillment.operations import freeze_work, progress
from kernel.references import new_reference
from tests.factories.fulfillment import NOON, planned_run
from tests.factories.people import client_of, make_person
from tests.statements import counts_without_end

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["owner", "operator", "auditor"])
def reader(request: pytest.FixtureRequest) -> Client:
    return client_of(make_person(request.param))


def test_everybody_on_the_team_sees_runs(reader: Client) -> None:
    run = planned_run()

    shown_list = reader.get("/console/runs/").content.decode()
    shown = reader.get(f"/console/runs/{run.reference}/").content.decode()

    assert run.reference in shown_list
    for words in (run.reference, run.intake.order_ref, run.intake.reference, run.goal,
                  "at most 200", "Run opened", "sandbox"):  # fmt: skip
        assert words in shown


def test_a_frozen_run_says_why() -> None:
    run = planned_run()
    with transaction.atomic():
        freeze_work(order_id=run.intake.order_id, reason=FreezeReason.DISPUTE, now=NOON)

    page = client_of(make_person("operator")).get(f"/console/runs/{run.reference}/")

    assert ": paused</h1>" in page.content.decode()
    assert page.content.decode().count("the payment is disputed, or the bank asks about it") == 2


def test_runs_are_narrowed_by_state_and_mode() -> None:
    client = client_of(make_person("operator"))
    runs = {mode: planned_run(mode=mode) for mode in ("sandbox", "test")}

    shown = client.get("/console/runs/", {"state": "waiting_for_brief", "mode": "test"}).context[
        "runs"
    ]

    assert [run.reference for run in shown] == [runs["test"].reference]
    assert client.get("/console/runs/", {"state": "frozen"}).context["runs"] == []


def test_a_person_pauses_resumes_and_stops_a_run() -> None:
    run, client = planned_run(), client_of(make_person("operator"))
    address = f"/console/runs/{run.reference}/"

    said = []
    for verb in ("pause", "resume", "resume", "stop", "pause"):
        page = client.post(f"{address}steer/{verb}/", follow=True).content.decode()
        run.refresh_from_db()
        said.append((run.state, "The run has moved on." in page))

    assert said == [
        ("paused", False), ("waiting_for_brief", False), ("waiting_for_brief", True),
        ("stopped", False), ("stopped", True),
    ]  # fmt: skip
    assert "Stop for good" not in client.get(address).content.decode()


@pytest.mark.parametrize(("limit", "is_retried"), [("deadline", False), ("steps", True)])
def test_a_run_past_its_deadline_is_stopped_not_retried(limit: str, is_retried: bool) -> None:
    run, client = planned_run(), client_of(make_person("operator"))
    address = f"/console/runs/{run.reference}/"
    with transaction.atomic():
        progress.brief_given(run, now=NOON)
        progress.limit_reached(run, RunLimit(limit), now=NOON)

    page = client.get(address).content.decode()
    assert ("steer/retry/" in page, "steer/stop/" in page) == (is_retried, True)
    assert ("then refund the order" in page, "Retry it" in page) == (not is_retried, is_retried)
    client.post(f"{address}steer/retry/")
    run.refresh_from_db()
    assert run.state == ("planning" if is_retried else "stuck")


def test_an_auditor_steers_nothing() -> None:
    run, client = planned_run(), client_of(make_person("auditor"))

    assert client.post(f"/console/runs/{run.reference}/steer/stop/").status_code == 403
    assert "Stop for good" not in client.get(f"/console/runs/{run.reference}/").content.decode()


def test_strangers_and_missing_runs() -> None:
    run = planned_run()

    assert Client().get(f"/console/runs/{run.reference}/").status_code == 302
    assert client_of(make_person("")).get("/console/runs/").status_code == 403
    missing = f"/console/runs/{new_reference('run')}/"
    assert client_of(make_person("operator")).get(missing).status_code == 404


def test_the_list_costs_the_same_however_long_it_is() -> None:
    client = client_of(make_person("operator"))
    for _ in range(5):
        planned_run()

    with CaptureQueriesContext(connection) as captured:
        client.get("/console/runs/")

    assert len(captured) <= 10
    assert not any(counts_without_end(query["sql"]) for query in captured)
