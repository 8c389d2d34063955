"""Reconciling freezes the work on orders that an upgrade found to be disputed."""

from __future__ import annotations

import pytest

from fulfillment.models import AcquisitionRun, OrderIntake, RunEvent
from fulfillment.usecases.start_run import start_run
from ledger.models import LedgerEntry
from revenue.models import Order
from tests.factories.revenue import NOON
from tests.revenue.reconcile.conftest import Run, Sell

pytestmark = pytest.mark.django_db(transaction=True)


def test_work_on_a_disputed_order_stands_still_after_the_next_reconcile(
    sell: Sell, run: Run
) -> None:
    for name in ("ada", "grace"):
        sell(email=f"{name}@buyer.example")
    run()
    disputed, other = Order.objects.order_by("pk")
    for order in (disputed, other):
        start_run(order_id=order.pk, now=NOON)
    Order.objects.filter(pk=disputed.pk).update(state="disputed", disputed_minor=10_000)

    run()
    run()

    reasons = OrderIntake.objects.order_by("order_id").values_list("frozen_reason", flat=True)
    states = AcquisitionRun.objects.order_by("intake__order_id").values_list("state", flat=True)
    assert (list(reasons), list(states)) == (["dispute", ""], ["frozen", "waiting_for_brief"])
    assert RunEvent.objects.filter(kind="frozen").count() == 1
    assert LedgerEntry.objects.filter(event="run.frozen").count() == 1
