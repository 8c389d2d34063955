"""A forger at the database: entries without rows, rows without entries, and pairs that differ."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from fulfillment.models import OrderIntake
from fulfillment.usecases.start_run import start_run
from kernel.money import Money
from kernel.references import new_reference
from ledger import operations as ledger
from ledger import queries, rows
from ledger.models import LedgerEntry
from ledger.queries.verification import verify
from notices.models import OperatorAlert
from revenue.enums import RevenueKind
from revenue.models import Order, RevenueEvent
from revenue.policy import COUNTER_ACCOUNTS
from tests.factories.people import client_of, make_person
from tests.factories.revenue import NOON, CheckoutFactory, filed, session_object
from tests.ledger.conftest import cheat
from tests.outside import pages_use_outside
from tests.revenue.reconcile.conftest import Run, Sell
from trinity.doctor import selling
from trinity.doctor.findings import Level

__all__ = ["pages_use_outside"]

pytestmark = pytest.mark.django_db(transaction=True)

FORGED_MINOR = 9_900_000


@pytest.fixture
def order(process: Callable[[], object]) -> Order:
    """One sale of $1.00, recorded as any other."""
    filed("checkout.session.completed", session_object(CheckoutFactory()))
    process()
    assert found() == {}
    return Order.objects.get()


def found() -> dict[str, int]:
    return dict(queries.compare_rows().counts)


def record(order: Order, **changes: Any) -> str:
    """Append an entry as our code would of a payment, but for ``changes``; return its reference."""
    amount = changes.pop("amount", Money(FORGED_MINOR, "USD"))
    content: dict[str, Any] = {
        "key": "revenue:forged",
        "kind": "revenue",
        "event": "payment_booked",
        "subject": order.reference,
        "refs": [new_reference("rev"), "pi_forged1"],
        "facts": {"amount_minor": amount.amount_minor, "currency": amount.currency},
        "mode": order.mode,
        "trace_ref": order.trace_ref,
        "occurred_at": NOON,
        "now": NOON,
        "postings": {"assets:stripe": amount, "income:sales": -amount},
    }
    with transaction.atomic():
        return ledger.record(**{**content, **changes}).reference


def event(order: Order, **changes: Any) -> RevenueEvent:
    """Write a revenue event as our code would, but for ``changes``, and no entry.

    The forger is thorough: the order says what its events say, and so does the work on it.
    """
    fields: dict[str, Any] = {
        "reference": new_reference("rev"),
        "mode": order.mode,
        "order": order,
        "kind": "payment",
        "amount_minor": FORGED_MINOR,
        "currency": "USD",
        "fact_key": "forged",
        "stripe_object_id": "pi_forged1",
        "source": "delivery",
        "trace_ref": order.trace_ref,
        "occurred_at": NOON,
        "recorded_at": NOON,
    }
    made = RevenueEvent.objects.create(**{**fields, **changes})
    paid = RevenueEvent.objects.filter(order=made.order, kind="payment", currency="USD")
    total = paid.aggregate(total=Sum("amount_minor"))["total"]
    Order.objects.filter(pk=made.order_id).update(amount_minor=total)
    OrderIntake.objects.filter(order=made.order_id).update(funded_minor=total)
    return made


def test_a_forged_entry_is_found_sealed_or_not(order: Order, settings: Any, tmp_path: Any) -> None:
    """The seal is good: it says that nothing changed since, and nothing did."""
    settings.SEAL_KEY_FILE, settings.SEALS_LOG = tmp_path / "seal.key", tmp_path / "seals.log"
    forged = record(order)
    report = queries.compare_rows()
    assert dict(report.counts) == {"entry_without_row": 1, "sums_differ": 2}
    assert [each.what for each in report.findings if each.code == "entry_without_row"] == [forged]
    call_command("seal_ledger")

    with pytest.raises(SystemExit):
        call_command("verify_ledger")
    report = verify(heads=None, public_keys=[], now=timezone.now())
    assert {"entry_without_row": 1, "sums_differ": 2}.items() <= report.counts.items()


def test_the_facts_of_an_event_that_has_its_entry_serve_for_no_second_one(order: Order) -> None:
    known = RevenueEvent.objects.get()
    record(
        order,
        key="revenue:again",
        refs=[known.reference, known.stripe_object_id],
        amount=known.amount,
        occurred_at=known.occurred_at,
        now=known.recorded_at,
    )

    assert found() == {"entry_without_row": 1, "sums_differ": 2}


def test_an_event_without_its_entry_is_found(order: Order) -> None:
    forged = event(order)

    report = queries.compare_rows()

    assert dict(report.counts) == {"row_without_entry": 1, "sums_differ": 2}
    [named] = [each.what for each in report.findings if each.code == "row_without_entry"]
    assert named == forged.reference


@pytest.mark.parametrize(
    ("changes", "said", "sums"),
    [
        ({"facts": {"amount_minor": 1, "currency": "USD"}}, "the amount", 0),
        ({"amount": Money(1, "USD")}, "the amount, the legs", 2),
        ({"amount": Money(FORGED_MINOR, "EUR")}, "the amount, the legs", 4),
        ({"postings": None}, "the legs", 2),
        (
            {
                "postings": {
                    "assets:stripe": Money(FORGED_MINOR, "USD"),
                    "income:gifts": Money(-FORGED_MINOR, "USD"),
                }
            },
            "the legs",
            1,
        ),
        (
            {
                "postings": {
                    "assets:stripe": Money(FORGED_MINOR, "USD"),
                    "income:sales": Money(-FORGED_MINOR + 1, "USD"),
                    "income:gifts": Money(-1, "USD"),
                }
            },
            "the legs",
            1,
        ),
        ({"mode": "live"}, "the mode", 4),
        ({"occurred_at": NOON - timedelta(days=1)}, "the times", 4),
        ({"event": "refund_booked"}, "the kind", 0),
        ({"refs": [new_reference("rev"), "pi_forged1"]}, "the references", 0),
        ({"subject": new_reference("ord")}, "the order", 0),
        ({"trace_ref": new_reference("trc")}, "the trace", 0),
    ],
)
def test_a_pair_that_differs_is_found_and_said(
    order: Order, changes: dict[str, Any], said: str, sums: int
) -> None:
    booked = event(order)
    record(order, **{"refs": [booked.reference, booked.stripe_object_id], **changes})

    report = queries.compare_rows()

    unknown = {"row_unknown": 1} if "subject" in changes else {}
    expected = {"entry_differs_from_row": 1, **({"sums_differ": sums} if sums else {}), **unknown}
    assert dict(report.counts) == expected
    [says] = [each.says for each in report.findings if each.code == "entry_differs_from_row"]
    assert says == f"{booked.reference} is said otherwise: {said}"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"amount_minor": 9_900}, "it says that it took 9900 USD, its payments 100"),
        ({"currency": "JPY"}, "it says that it took 100 JPY, its payments 0"),
        (
            {"refunded_minor": 40, "state": "partially_refunded"},
            "it says that 40 USD went back, its refunds 0",
        ),
        (
            {"disputed_minor": 100, "state": "disputed"},
            "it says that a bank holds 100 back, and nothing disputes it",
        ),
        (
            {"paid_at": None, "state": "awaiting_payment"},
            "it is not said to be paid, and 1 payments were booked",
        ),
    ],
)
def test_an_order_that_says_other_than_its_events_is_found_and_said(
    changes: dict[str, Any], said: str, order: Order
) -> None:
    """The application's role may write there, and pages, refunds and the work go by it."""
    Order.objects.filter(pk=order.pk).update(**changes)

    report = queries.compare_rows()

    said_of_order, said_of_work = sorted(report.findings, key=lambda each: each.what, reverse=True)
    assert (said_of_order.code, said_of_order.says) == ("order_differs_from_events", said)
    assert said_of_order.what == order.reference
    assert said_of_work.code == "funding_differs"


def test_an_order_marked_as_paid_without_money_is_found(process: Callable[[], object]) -> None:
    session = session_object(CheckoutFactory(), payment_status="unpaid")
    filed("checkout.session.completed", session)
    process()
    assert found() == {}

    Order.objects.update(paid_at=NOON, state="paid")

    assert found() == {"order_differs_from_events": 1}


def test_money_under_another_kind_of_entry_is_found(order: Order) -> None:
    amount = Money(FORGED_MINOR, "USD")
    record(
        order,
        kind="audit",
        event="order.reviewed",
        facts={"actor": "system"},
        postings={"assets:stripe": amount, "income:sales": -amount},
    )

    assert found() == {"money_without_row": 1, "sums_differ": 2}


def test_an_entry_past_our_code_of_an_event_that_nobody_writes_is_found(order: Order) -> None:
    with pytest.raises(rows.EventUndeclared, match=r"revenue entries 'gift\.taken' were never"):
        record(order, event="gift.taken")
    entry = LedgerEntry.objects.get(kind="revenue")
    cheat(f"UPDATE ledger_ledgerentry SET event = 'gift.taken' WHERE id = {entry.pk}")

    assert found() == {"entry_undeclared": 1, "entry_differs_from_row": 1}


def test_an_audit_entry_about_nothing_is_found(order: Order) -> None:
    for subject in (order.reference, new_reference("ord")):
        with transaction.atomic():
            ledger.audit(actor_id=None, event="order.reviewed", subject=subject, now=NOON)
    report = queries.compare_rows()

    assert dict(report.counts) == {"row_unknown": 1}
    assert report.findings[0].says.endswith(f"speaks of {subject}, which is not there")


def test_runs_and_their_entries_are_held_together(order: Order) -> None:
    start_run(order_id=order.pk, now=NOON)
    assert LedgerEntry.objects.filter(kind="run").count() == 1
    assert found() == {}
    cheat("UPDATE ledger_ledgerentry SET occurred_at = now() WHERE kind = 'run'")
    assert found() == {"entry_differs_from_row": 1}
    cheat("UPDATE ledger_ledgerentry SET key = 'run:forged' WHERE kind = 'run'")
    assert found() == {"entry_without_row": 1, "row_without_entry": 1}


def test_a_free_order_and_every_kind_of_money_have_their_pairs(
    process: Callable[[], object],
) -> None:
    free = CheckoutFactory(amount_minor=0)
    filed(
        "checkout.session.completed",
        session_object(free, payment_status="no_payment_required", payment_intent=None),
    )
    process()

    assert found() == {}
    assert set(COUNTER_ACCOUNTS) == set(RevenueKind)


def test_many_findings_are_counted_and_some_are_named(order: Order) -> None:
    with transaction.atomic():
        for number in range(203):
            event(order, fact_key=f"forged:{number}", kind="payment", amount_minor=0)
    report = queries.compare_rows()

    assert dict(report.counts) == {"row_without_entry": 203}
    assert len(report.findings) == 200


def test_reconciling_finds_a_forged_entry_keeps_and_tells_it(sell: Sell, run: Run) -> None:
    sell()
    assert run().is_clean
    forged = record(Order.objects.get())

    found_by = run()

    assert {each["what"] for each in found_by.ledger_findings} >= {forged}
    assert not found_by.is_clean
    assert found_by.differences == []
    alerts = OperatorAlert.objects.filter(closed_at=None).values_list("subject", flat=True)
    assert forged in set(alerts)
    [line] = [each for each in selling.look_at_work(timezone.now()) if each.level == Level.BAD]
    assert "3 difference(s) between the ledger and our rows" in line.words
    operator = client_of(make_person("operator"))
    for address in ("/console/reconcile/", f"/console/reconcile/{found_by.pk}/"):
        assert "The ledger and our own rows differ." in operator.get(address).content.decode()
    assert "no revenue event stands behind it" in operator.get(address).content.decode()


@pytest.mark.usefixtures("pages_use_outside")
def test_the_command_names_a_forged_entry_and_fails(sell: Sell) -> None:
    sell()
    call_command("reconcile", "--days", "1", stdout=StringIO())
    forged, out = record(Order.objects.get()), StringIO()

    with pytest.raises(CommandError, match=r"3 difference\(s\) between the ledger and our rows"):
        call_command("reconcile", "--days", "1", stdout=out)

    assert f"LEDGER  {forged}: no revenue event stands behind it" in out.getvalue()


def test_a_pair_forged_together_is_found_by_stripes_books(sell: Sell, run: Run) -> None:
    """Rows and ledger agree with each other; Stripe does not know of the money."""
    sell()
    run()
    order, lately = Order.objects.get(), timezone.now()
    booked = event(order, occurred_at=lately, recorded_at=lately)
    record(order, refs=[booked.reference, booked.stripe_object_id], occurred_at=lately, now=lately)

    report = run()

    assert report.ledger_findings == []
    assert [each["object_id"] for each in report.differences] == ["pi_forged1"]
    assert report.differences[0]["theirs_minor"] == 0
    assert report.differences[0]["ours_minor"] == FORGED_MINOR
