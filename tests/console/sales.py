"""Whole sales for the pages that show them, each made through the real entry points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crm import queries as crm
from crm.usecases.request_snapshot import SnapshotRequest, request_snapshot
from crm.usecases.review_lead import accept_lead
from fulfillment.usecases.start_run import start_run
from kernel.references import new_reference
from revenue.enums import CheckoutOrigin
from revenue.models import CheckoutSession, Order
from tests.conftest import NOON
from tests.factories.revenue import CheckoutFactory, filed, session_object

Process = Callable[[], object]

SECRETS = ("ada@buyer.example", "Ada Lovelace", "Analytical", "We dream of engines")


def pay(checkout: CheckoutSession, process: Process, **session: Any) -> Order:
    """Let Stripe tell that ``checkout`` is complete, and plan the run of what was paid."""
    filed("checkout.session.completed", session_object(checkout, **session))
    process()
    order = Order.objects.get(checkout=checkout)
    start_run(order_id=order.pk, now=NOON)
    return order


def direct_sale(process: Process, **session: Any) -> Order:
    """Somebody buys straight from the offer page."""
    checkout = CheckoutFactory(
        entry_page="/offers/snapshot/", handed_off_at=NOON, returned_at=NOON, opened_at=NOON
    )
    return pay(checkout, process, **session)


def lead() -> str:
    """A visitor asks on the public form; returns the deal's reference."""
    return request_snapshot(
        asked=SnapshotRequest(
            name="Ada Lovelace",
            email="ada@buyer.example",
            company="Analytical Engines",
            website="https://analytical.example",
            wish="We dream of engines",
        ),
        trace_ref=new_reference("trc"),
        mode="sandbox",
        now=NOON,
    )


def prepared_checkout(deal: Any) -> CheckoutSession:
    """A checkout that an operator prepared from ``deal``."""
    return CheckoutFactory(origin=CheckoutOrigin.DEAL, deal_id=deal.id, trace_ref=deal.trace_ref)


def whole_sale(process: Process, *, operator_id: int) -> Order:
    """Request, review, prepared checkout, payment: stages 1 to 4."""
    deal_ref = lead()
    accept_lead(deal_ref=deal_ref, actor_id=operator_id, now=NOON)
    deal = crm.deal_for_sale(deal_ref)
    return pay(prepared_checkout(deal), process)
