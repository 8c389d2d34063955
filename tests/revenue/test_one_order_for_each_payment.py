"""A payment of Stripe's pays one order, whatever sessions say that they were paid by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import IntegrityError, connection

from notices.models import OperatorAlert
from revenue.adapters import stripe_reading
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.enums import AlertKind, CheckoutState, EventState
from revenue.exchanges.checkouts import sweep_checkouts
from revenue.models import CheckoutSession, Order, RevenueEvent, StripeWebhookEvent
from revenue.ports import SessionFact
from revenue.usecases.return_from_checkout import return_from_checkout
from tests.factories.orders import OrderFactory
from tests.factories.revenue import NOON, CheckoutFactory, filed, session_object
from tests.owner import as_owner

Process = Callable[[], list[StripeWebhookEvent]]
FOREIGN: dict[str, Any] = {"client_reference_id": "somebody-elses-42", "metadata": {}}
PAYMENT = "pi_1TestPaidOnce00"


@pytest.mark.django_db(transaction=True)
def test_a_second_session_of_one_payment_waits_for_a_person(process: Process) -> None:
    checkout = CheckoutFactory.build()
    for session_id in ("cs_test_first", "cs_test_second"):
        output = session_object(checkout, id=session_id, payment_intent=PAYMENT, **FOREIGN)
        filed("checkout.session.completed", output)
        process()

    first = Order.objects.get()
    assert RevenueEvent.objects.get().order == first
    second = StripeWebhookEvent.objects.latest("pk")
    assert (second.state, second.attempts) == (EventState.DEAD, 1)
    assert second.error == (
        f"payment_intent: {PAYMENT} has paid order {first.reference} already, so another session"
        " of it is no second payment. Compare both sessions at Stripe; where the money came once,"
        " close this event without acting."
    )
    assert OperatorAlert.objects.get(kind=AlertKind.EVENT_DEAD).subject == second.stripe_id


class SaysPaid(StripeGateway):
    """Whatever session is asked for, one and the same payment paid it; another one is open."""

    def read_session(self, session_id: str) -> SessionFact:
        checkout = CheckoutSession.objects.get(stripe_id=session_id)
        changes = {"payment_intent": PAYMENT}
        if session_id == "cs_test_open":
            changes = {"status": "open", "payment_status": "unpaid", "payment_intent": None}
        return stripe_reading.session(session_object(checkout, **changes))


@pytest.fixture
def says_paid(settings: Any) -> SaysPaid:
    OrderFactory(payment_intent_id=PAYMENT)
    return SaysPaid.from_settings(settings, timeout_s=1, retries=0)


@pytest.mark.django_db(transaction=True)
def test_a_session_that_cannot_be_recorded_holds_up_no_other_in_its_sweep(
    says_paid: SaysPaid,
) -> None:
    second = CheckoutFactory(next_check_at=NOON)
    other = CheckoutFactory(stripe_id="cs_test_open", next_check_at=NOON)

    assert sweep_checkouts(gateway=says_paid, clock=lambda: NOON) == 2

    second.refresh_from_db()
    other.refresh_from_db()
    assert second.last_error.startswith(f"payment_intent: {PAYMENT} has paid order")
    assert (second.attempts, second.next_check_at) == (1, NOON + timedelta(seconds=5))
    assert (other.last_error, other.next_check_at) == ("", NOON + timedelta(hours=1))


@pytest.mark.django_db(transaction=True)
def test_who_comes_back_from_a_session_that_cannot_be_recorded_reads_that_we_are_confirming(
    says_paid: SaysPaid,
) -> None:
    second = CheckoutFactory()

    landed = return_from_checkout(session_id=second.stripe_id, gateway=says_paid, now=NOON)

    assert landed.state == CheckoutState.OPEN
    assert Order.objects.count() == 1


@pytest.mark.django_db
def test_the_database_holds_to_one_order_for_each_payment_and_mode() -> None:
    OrderFactory(payment_intent_id=PAYMENT)
    OrderFactory(payment_intent_id=PAYMENT, mode="test")
    OrderFactory.create_batch(2, payment_intent_id="")

    with pytest.raises(IntegrityError, match="order_for_each_payment_once"):
        OrderFactory(payment_intent_id=PAYMENT)


@contextmanager
def columns_of_then() -> Iterator[None]:
    """Give alerts the columns that they had when the migration was written."""
    then = {
        "attempts": "smallint",
        "next_attempt_at": "timestamptz",
        "error_class": "varchar(100)",
        "lease_token": "bigint",
    }
    with connection.cursor() as cursor:
        for name, kind in then.items():
            cursor.execute(f"ALTER TABLE revenue_operatoralert ADD {name} {kind}")
        yield
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name in then:
            cursor.execute(f"ALTER TABLE revenue_operatoralert DROP {name}")


@pytest.mark.django_db(transaction=True)  # the pair stands before the upgrade begins
def test_a_pair_from_before_is_named_and_the_first_keeps_the_payment(
    capsys: pytest.CaptureFixture[str],
) -> None:
    [rule] = [
        each for each in Order._meta.constraints if each.name == "order_for_each_payment_once"
    ]
    migration = import_module("revenue.migrations.0034_one_order_for_each_payment")
    with as_owner(), connection.schema_editor() as editor:
        editor.remove_constraint(Order, rule)
    first, later = OrderFactory.create_batch(2, payment_intent_id=PAYMENT)
    other = OrderFactory(payment_intent_id=PAYMENT, mode="test")

    with as_owner(), connection.schema_editor() as editor, columns_of_then():
        migration.let_go(None, editor)
        editor.add_constraint(Order, rule)

    kept = Order.objects.in_bulk([first.pk, later.pk, other.pk])
    assert [kept[each.pk].payment_intent_id for each in (first, later, other)] == [
        PAYMENT,
        "",
        PAYMENT,
    ]
    output = capsys.readouterr().err
    assert f"{PAYMENT} paid {first.reference} and {later.reference}" in output
    alert = OperatorAlert.objects.get()
    assert (alert.kind, alert.subject) == (AlertKind.RECONCILE_DIFFERENCE, later.reference)
    assert alert.facts["amount_minor"] == later.amount_minor
