"""What a run is funded with: what its order brought and still holds, in whatever order it came."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from crm.enums import DealStage
from crm.models import Company, Deal, Project
from crm.policy import HOME_PROJECT
from fulfillment.models import AcquisitionRun, OrderIntake
from fulfillment.tasks import start_runs
from kernel.money import Money
from kernel.references import new_reference
from ledger.queries.verification import verify
from revenue.models import CheckoutSession, Order, StripeWebhookEvent
from tests.conftest import empty_all_tables
from tests.factories.crm import CompanyFactory, ContactFactory, DealFactory
from tests.factories.revenue import (
    NOON,
    CheckoutFactory,
    dispute_object,
    filed,
    movement,
    refund_object,
    session_object,
)
from toolrouter.models import Grant, GrantSubject, ProjectSettings

pytestmark = pytest.mark.django_db(transaction=True)
Process = Callable[[], list[StripeWebhookEvent]]
AMOUNT = 10_000
WITHDRAWN = movement("txn_1Out0000000000", -3_000)
RETURNED = movement("txn_1Back000000000", 3_000)


def told(checkout: CheckoutSession) -> dict[str, tuple[str, dict[str, Any]]]:
    return {
        "paid": ("checkout.session.completed", session_object(checkout)),
        "refunded": ("refund.created", refund_object(checkout, amount=2_000)),
        "disputed": (
            "charge.dispute.funds_withdrawn",
            dispute_object(checkout, amount=3_000, balance_transactions=[WITHDRAWN]),
        ),
        "won": (
            "charge.dispute.closed",
            dispute_object(
                checkout, amount=3_000, status="won", balance_transactions=[WITHDRAWN, RETURNED]
            ),
        ),
    }


def differences() -> list[str]:
    report = verify(heads=None, public_keys=[], now=timezone.now())
    return [found.code for found in report.findings if found.code in DIFFER]


DIFFER = {"funding_differs", "grant_differs", "row_without_entry", "entry_differs_from_row"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("steps", "left"),
    [
        (("paid", "refunded", "disputed", "start"), AMOUNT - 5_000),
        (("paid", "disputed", "won", "start"), AMOUNT),
    ],
)
def test_whatever_comes_first_the_same_is_left(
    steps: tuple[str, ...], left: int, process: Process, clock: Any
) -> None:
    ends = set()
    for order_of in itertools.permutations(steps):
        empty_all_tables()
        events = told(CheckoutFactory(amount_minor=AMOUNT))
        for step in order_of:
            if step == "start":
                start_runs()
            else:
                filed(*events[step])
                process()
        clock.forward(minutes=1)  # what waited for its cause comes due again
        process()
        start_runs()
        intake, grant, run = (
            OrderIntake.objects.get(), Grant.objects.get(), AcquisitionRun.objects.get(),
        )  # fmt: skip
        assert differences() == []
        ends.add((intake.funded, grant.funded, run.state, grant.frozen_at is not None))

    is_disputed = "won" not in steps
    state = "frozen" if is_disputed else "waiting_for_brief"
    assert ends == {(Money(left, "USD"), Money(left, "USD"), state, is_disputed)}


def test_a_run_about_a_known_deal_belongs_to_its_project_and_knows_its_people(
    process: Process,
) -> None:
    project = Project.objects.create(
        reference=new_reference("prj"), name="Kitchens of Kiel", created_at=NOON
    )
    ProjectSettings.objects.create(project_ref=project.reference, opened_at=NOON)
    company: Company = CompanyFactory()
    deal: Deal = DealFactory(
        project=project, company=company, stage=DealStage.QUALIFIED, contact=ContactFactory()
    )
    checkout = CheckoutFactory(trace_ref=deal.trace_ref, deal_id=deal.pk)

    filed("checkout.session.completed", session_object(checkout))
    process()
    start_runs()

    grant = Grant.objects.get()
    assert (OrderIntake.objects.get().project_ref, grant.project_ref) == (project.reference,) * 2
    assert set(GrantSubject.objects.values_list("subject_ref", flat=True)) == {
        deal.reference, deal.contact.reference, company.reference,
    }  # fmt: skip
    assert (grant.funded, grant.trace_ref) == (Money(100, "USD"), deal.trace_ref)


def test_a_direct_purchase_belongs_to_the_home_project(process: Process) -> None:
    filed("checkout.session.completed", session_object(CheckoutFactory()))
    process()
    start_runs()

    home, deal = Project.objects.get(name=HOME_PROJECT), Deal.objects.get()
    assert Grant.objects.get().project_ref == home.reference
    assert set(GrantSubject.objects.values_list("subject_ref", flat=True)) == {
        deal.reference, deal.contact.reference,
    }  # fmt: skip


def test_work_that_is_paused_holds_its_grant_in_the_same_commit(process: Process) -> None:
    events = told(CheckoutFactory(amount_minor=AMOUNT))
    filed(*events["paid"])
    process()
    start_runs()

    frozen = []
    for step in ("disputed", "won"):
        filed(*events[step])
        process()
        run, grant = AcquisitionRun.objects.get(), Grant.objects.get()
        frozen.append((run.state, grant.frozen_at is not None))

    assert frozen == [("frozen", True), ("waiting_for_brief", False)]


def raised(_order: Order) -> None:
    Grant.objects.update(funded_minor=999_999)


def refilled(order: Order) -> None:
    OrderIntake.objects.filter(order=order).update(funded_minor=999_999)


def thawed(_order: Order) -> None:
    Grant.objects.update(frozen_at=NOON)


@pytest.mark.parametrize(
    ("tampered", "codes"),
    [
        (raised, ["grant_differs"]),
        (refilled, ["funding_differs", "grant_differs"]),
        (thawed, ["grant_differs"]),
    ],
)
def test_what_was_changed_past_us_is_a_finding(
    tampered: Callable[[Order], None], codes: list[str], process: Process
) -> None:
    filed("checkout.session.completed", session_object(CheckoutFactory()))
    process()
    start_runs()
    assert differences() == []

    tampered(Order.objects.get())

    assert differences() == codes
