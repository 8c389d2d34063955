"""The pages, the command and the task of the comparison."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from kernel.modes import Mode
from kernel.money import Money
from kernel.references import new_reference
from notices.models import OperatorAlert
from revenue.enums import Gap, RevenueKind, Source
from revenue.models import Order, ReconcileRun
from revenue.operations.booking import book
from revenue.operations.differences import tell_differences
from revenue.operations.recording_context import RecordingContext
from revenue.queries.tie_out import Difference, as_row
from revenue.tasks_reconcile import reconcile as task
from tests.factories.orders import OrderFactory
from tests.factories.people import client_of, make_person
from tests.outside import pages_use_outside
from tests.revenue.reconcile.conftest import Run, Sell
from tests.sandbox.running_sandbox import RunningSandbox

__all__ = ["pages_use_outside"]

pytestmark = pytest.mark.django_db
PAYMENT = "pi_nobodys1"


@pytest.fixture
def operator() -> Client:
    return client_of(make_person("operator"))


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode().split("<main")[1]


def booked(order: Order, minor: int, *, at: datetime) -> None:
    """A payment in our books, with its ledger entry, that Stripe does not know."""
    book(
        RecordingContext(mode=Mode(order.mode), source=Source.DELIVERY, now=at, occurred_at=at),
        order=order,
        kind=RevenueKind.PAYMENT,
        amount=Money(minor, "USD"),
        fact_key=new_reference("key"),
        stripe_object_id=PAYMENT,
        occurred_at=at,
    )


def differing_run(now: datetime) -> ReconcileRun:
    """A finished run that found one difference, told to operators."""
    difference = Difference(
        kind="payments",
        day=f"{now:%Y-%m-%d}",
        currency="USD",
        object_id="pi_1",
        order_ref="",
        ours_minor=0,
        theirs_minor=12_500,
        ids=("txn_1",),
    )
    row = as_row(difference)
    tell_differences({difference.item: row}, mode="sandbox", since=now.date(), now=now)
    return ReconcileRun.objects.create(
        mode="sandbox",
        started_at=now,
        finished_at=now,
        since=now - timedelta(days=7),
        until=now,
        differences=[row],
        days=[
            {
                "day": f"{now:%Y-%m-%d}",
                "currency": "USD",
                "kind": "payments",
                "ours_minor": 0,
                "theirs_minor": 12_500,
            }
        ],
    )


def test_the_list_says_that_nothing_was_compared_yet(operator: Client) -> None:
    assert "were never reconciled." in page(operator, "/console/reconcile/")


def test_the_pages_of_a_run_that_agrees(operator: Client, sell: Sell, run: Run) -> None:
    sell()
    found = run()
    assert "Our books and Stripe’s agree." in page(operator, "/console/reconcile/")
    shown = page(operator, f"/console/reconcile/{found.pk}/")
    assert "Our books and Stripe’s agree." in shown
    assert "$100.00" in shown
    assert "−$3.20" in shown


@pytest.mark.parametrize(
    ("because", "words"),
    [
        (Gap.YOUNG, "agree so far; the last 15 minutes are still open."),
        (Gap.UNDER_WAY, "agree so far; banks still process a part."),
    ],
)
def test_books_with_an_open_end_agree_only_so_far(
    operator: Client, now: datetime, because: Gap, words: str
) -> None:
    run = differing_run(now)
    run.days[0]["because"] = because
    ReconcileRun.objects.filter(pk=run.pk).update(differences=[], days=run.days)
    assert words in page(operator, "/console/reconcile/")
    assert words in page(operator, f"/console/reconcile/{run.pk}/")


def test_the_pages_of_a_run_that_differs(operator: Client, now: datetime) -> None:
    run = differing_run(now)
    assert "Our books and Stripe’s differ." in page(operator, "/console/reconcile/")
    shown = page(operator, f"/console/reconcile/{run.pk}/")
    assert "1 difference between our books and Stripe’s." in shown
    for words in ("pi_1", "$125.00", "none of ours", "Explained"):
        assert words in shown
    operator.post(f"/console/alerts/{OperatorAlert.objects.get().reference}/dismiss/")
    assert "off the list" in page(operator, f"/console/reconcile/{run.pk}/")


def test_a_run_that_broke_off_says_why(operator: Client, now: datetime) -> None:
    run = ReconcileRun.objects.create(
        mode="sandbox",
        started_at=now,
        finished_at=now,
        since=now,
        until=now,
        error_class="GatewayUnknown",
        error_code="no_answer",
    )
    assert "did not come to its end" in page(operator, "/console/reconcile/")
    shown = page(operator, f"/console/reconcile/{run.pk}/")
    assert "GatewayUnknown, no_answer" in shown
    assert "Stripe did not answer." in shown


def test_an_auditor_reads_and_starts_nothing(now: datetime) -> None:
    auditor = client_of(make_person("auditor"))
    run = differing_run(now)
    assert "Reconcile now" not in page(auditor, "/console/reconcile/")
    assert "Explained" not in page(auditor, f"/console/reconcile/{run.pk}/")
    assert auditor.post("/console/reconcile/start/").status_code == 403


def test_a_comparison_can_be_asked_for(operator: Client) -> None:
    answer = operator.post("/console/reconcile/start/", follow=True)
    assert "A worker reconciles the books now." in str(next(iter(answer.context["messages"])))


@pytest.mark.usefixtures("pages_use_outside")
def test_the_command_says_what_it_found(sell: Sell) -> None:
    sell()
    first, second = StringIO(), StringIO()
    call_command("reconcile", "--days", "1", stdout=first)
    order = Order.objects.get()
    assert order.state == "paid"
    assert "fees booked       1" in first.getvalue()
    call_command("reconcile", "--days", "1", stdout=second)
    assert "fees booked       0" in second.getvalue()
    its_day = f"{order.placed_at.astimezone(UTC):%Y-%m-%d}"
    assert f"{its_day}  fees            −$3.20 USD        −$3.20 USD" in second.getvalue()
    lines = second.getvalue().splitlines()
    first_day = next(n for n, line in enumerate(lines) if line.startswith(its_day))
    assert lines[first_day - 1].split() == ["day", "what", "our", "books", "Stripe"]
    assert lines[-1] == "Our books and Stripe's agree."


@pytest.mark.usefixtures("pages_use_outside")
def test_the_command_names_a_difference_and_fails() -> None:
    two_hours_ago = datetime.now(UTC) - timedelta(hours=2)
    order = OrderFactory(payment_intent_id=PAYMENT, amount_minor=10_000)
    booked(order, 10_000, at=two_hours_ago)
    out = StringIO()
    with pytest.raises(CommandError, match=r"1 difference\(s\)"):
        call_command("reconcile", "--days", "1", stdout=out)
    assert f"payments {PAYMENT}: we have $100.00 USD, Stripe has $0.00 USD" in out.getvalue()
    assert order.reference in out.getvalue()
    [line] = [line for line in out.getvalue().splitlines() if "  payments " in line]
    assert line.endswith("  <- differs")


@pytest.mark.usefixtures("pages_use_outside")
def test_the_command_says_that_a_gap_is_too_young_to_count(operator: Client) -> None:
    order = OrderFactory(payment_intent_id=PAYMENT, amount_minor=10_000)
    booked(order, 10_000, at=datetime.now(UTC))
    out = StringIO()
    call_command("reconcile", "--days", "1", stdout=out)
    [line] = [line for line in out.getvalue().splitlines() if "  payments " in line]
    assert line.endswith("  <- differs, but younger than 15 min: looked at again by the next run")
    last = out.getvalue().splitlines()[-1]
    assert last == "Our books and Stripe's agree, apart from what is marked as under way."
    shown = page(operator, f"/console/reconcile/{ReconcileRun.objects.get().pk}/")
    assert "settling" in shown
    assert "differ</span>" not in shown


@pytest.mark.usefixtures("pages_use_outside")
def test_the_command_says_that_the_bank_is_still_at_it(outside: RunningSandbox) -> None:
    order = OrderFactory(payment_intent_id=PAYMENT, state="awaiting_payment")
    booked(order, 10_000, at=datetime.now(UTC) - timedelta(hours=2))
    out = StringIO()
    # An order that waits for its money has none in the books: our own rows disagree, too.
    with pytest.raises(CommandError, match="between the ledger and our rows, 0 between our books"):
        call_command("reconcile", "--days", "1", stdout=out)
    assert "<- differs, because a bank still processes it" in out.getvalue()


@pytest.mark.usefixtures("pages_use_outside")
def test_the_command_says_that_stripe_is_away(outside: RunningSandbox) -> None:
    outside.control("faults", effect="status", status=503)
    with pytest.raises(CommandError, match="Stripe could not be read"):
        call_command("reconcile", stdout=StringIO())


@pytest.mark.usefixtures("pages_use_outside")
def test_the_command_says_that_another_one_runs(now: datetime) -> None:
    ReconcileRun.objects.create(mode="sandbox", started_at=datetime.now(UTC), since=now, until=now)
    with pytest.raises(CommandError, match="under way"):
        call_command("reconcile", stdout=StringIO())
    assert task() == 0


@pytest.mark.usefixtures("pages_use_outside")
def test_the_task_finds_the_sale_and_outlives_stripes_absence(
    sell: Sell, outside: RunningSandbox
) -> None:
    sell()
    outside.control("faults", path="/v1/events", effect="status", status=503)
    assert task() == 0
    assert ReconcileRun.objects.get().error_code == "http_503"
    outside.clear_faults()
    assert task() == 0
    assert Order.objects.get().state == "paid"
