"""A payment of Stripe's pays one order, whatever sessions say that they were paid by it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.db import IntegrityError, connection

from revenue.enums import AlertKind, EventState
from revenue.models import OperatorAlert, Order, RevenueEvent, StripeWebhookEvent
from tests.factories.orders import OrderFactory
from tests.factories.revenue import CheckoutFactory, filed, session_object
from tests.owner import as_owner

Process = Callable[[], list[StripeWebhookEvent]]
FOREIGN: dict[str, Any] = {"client_reference_id": "somebody-elses-42", "metadata": {}}
PAYMENT = "pi_1TestPaidOnce00"


@pytest.mark.django_db(transaction=True)
def test_a_second_session_of_one_payment_waits_for_a_person(process: Process) -> None:
    checkout = CheckoutFactory.build()
    for session_id in ("cs_test_first", "cs_test_second"):
        told = session_object(checkout, id=session_id, payment_intent=PAYMENT, **FOREIGN)
        filed("checkout.session.completed", told)
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


@pytest.mark.django_db
def test_the_database_holds_to_one_order_for_each_payment_and_mode() -> None:
    OrderFactory(payment_intent_id=PAYMENT)
    OrderFactory(payment_intent_id=PAYMENT, mode="test")
    OrderFactory.create_batch(2, payment_intent_id="")

    with pytest.raises(IntegrityError, match="order_for_each_payment_once"):
        OrderFactory(payment_intent_id=PAYMENT)


@pytest.mark.django_db(transaction=True)  # the pair stands before the upgrade begins
def test_a_pair_from_before_is_named_and_the_first_keeps_the_payment(
    capsys: pytest.CaptureFixture[str],
) -> None:
    [rule] = [
        each for each in Order._meta.constraints if each.name == "order_for_each_payment_once"
    ]
    migration = import_module("revenue.migrations.0032_one_order_for_each_payment")
    with as_owner(), connection.schema_editor() as editor:
        editor.remove_constraint(Order, rule)
    first, later = OrderFactory.create_batch(2, payment_intent_id=PAYMENT)
    other = OrderFactory(payment_intent_id=PAYMENT, mode="test")

    with as_owner(), connection.schema_editor() as editor:
        migration.let_go(None, editor)
        editor.add_constraint(Order, rule)

    kept = Order.objects.in_bulk([first.pk, later.pk, other.pk])
    assert [kept[each.pk].payment_intent_id for each in (first, later, other)] == [
        PAYMENT,
        "",
        PAYMENT,
    ]
    told = capsys.readouterr().err
    assert f"{PAYMENT} paid {first.reference} and {later.reference}" in told
    alert = OperatorAlert.objects.get()
    assert (alert.kind, alert.subject) == (AlertKind.RECONCILE_DIFFERENCE, later.reference)
    assert alert.facts["amount_minor"] == later.amount_minor
