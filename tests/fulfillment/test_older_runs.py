"""Intakes and runs of the version before get their project, what funds them, and their grant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from fulfillment.models import AcquisitionRun, OrderIntake
from fulfillment.operations.granting import open_missing_grants
from kernel.grants import give_after_migrate
from kernel.money import Money
from kernel.references import new_reference
from ledger.queries.verification import verify
from tests.factories.crm import CompanyFactory, DealFactory
from tests.factories.fulfillment import NOON, PaidOrder, home_project, paid_order
from tests.owner import as_owner
from toolrouter.models import Grant, GrantSubject

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
BEFORE = ("fulfillment", "0002_words_of_states")


@pytest.fixture
def older() -> Iterator[None]:
    """Have the tables of the version before, until a test migrates, and today's afterwards."""
    with as_owner():
        migrate(BEFORE)
    yield
    with as_owner():
        migrate(newest())


def newest() -> tuple[str, str]:
    (leaf,) = MigrationExecutor(connection).loader.graph.leaf_nodes("fulfillment")
    return leaf


def migrate(target: tuple[str, str]) -> None:
    MigrationExecutor(connection).migrate([target])
    if target == newest():  # tables that were just made anew
        give_after_migrate(using="default")


def execute(sql: str, *values: object) -> int:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.fetchone()[0])


def older_run(order: PaidOrder, *, deal_id: int | None, frozen: str = "") -> str:
    """Write an intake and a run as the version before did."""
    frozen_at = NOON if frozen else None
    intake_id = execute(
        "INSERT INTO fulfillment_orderintake (reference, order_id, order_ref, deal_id, mode,"
        " trace_ref, opened_at, run_made_at, frozen_reason, frozen_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
        new_reference("int"), order.id, order.reference, deal_id, order.mode, order.trace_ref,
        NOON, NOON, frozen, frozen_at,
    )  # fmt: skip
    run_ref = new_reference("run")
    execute(
        "INSERT INTO fulfillment_acquisitionrun (reference, intake_id, state, mode, trace_ref,"
        " goal, budget_minor, currency, deadline, steps_max, created_at, moved_at)"
        " VALUES (%s, %s, %s, %s, %s, 'A goal.', 0, 'USD', %s, 40, %s, %s) RETURNING id",
        run_ref, intake_id, "frozen" if frozen else "planned", order.mode, order.trace_ref,
        NOON, NOON, NOON,
    )  # fmt: skip
    return run_ref


@pytest.mark.usefixtures("older")
def test_older_runs_are_granted_what_they_were_sold_for() -> None:
    deal = DealFactory(company=CompanyFactory(), mode="sandbox")
    of_deal = older_run(paid_order(deal_id=deal.pk), deal_id=deal.pk)
    direct = older_run(paid_order(), deal_id=None, frozen="dispute")
    sample = older_run(paid_order(mode="sample"), deal_id=None)

    with as_owner():
        migrate(newest())
    opened = [open_missing_grants(now=timezone.now()) for _ in range(2)]

    assert opened == [2, 0]
    intakes = OrderIntake.objects.values_list("project_ref", "funded_minor", "currency")
    assert set(intakes) == {(home_project(), 100, "USD")}
    grants = {grant.run_ref: grant for grant in Grant.objects.all()}
    assert set(grants) == {of_deal, direct}
    assert AcquisitionRun.objects.get(reference=sample).kind == "fulfilment"
    stand = {run.reference: (run.state, run.frozen_from) for run in AcquisitionRun.objects.all()}
    assert stand == {
        of_deal: ("waiting_for_brief", ""), direct: ("frozen", "waiting_for_brief"),
        sample: ("waiting_for_brief", ""),
    }  # fmt: skip
    assert (grants[of_deal].funded, grants[of_deal].frozen_at) == (Money(100, "USD"), None)
    assert grants[direct].frozen_at == NOON
    subjects = GrantSubject.objects.values_list("grant__run_ref", "subject_ref")
    assert set(subjects) == {
        (of_deal, deal.reference), (of_deal, deal.contact.reference),
        (of_deal, deal.company.reference),
    }  # fmt: skip
    codes = {f.code for f in verify(heads=None, public_keys=[], now=timezone.now()).findings}
    assert codes & {"funding_differs", "grant_differs", "row_without_entry"} == set()
