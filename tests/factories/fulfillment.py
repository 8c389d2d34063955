"""Boring rows of fulfillment, and the paid order that they hang on.

The order is written through the model registry: fulfillment cannot see revenue, and its tests need
no more of an order than that it is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.apps import apps

from crm.policy import HOME_PROJECT
from fulfillment.models import AcquisitionRun, OrderIntake, Source
from fulfillment.operations import open_intake
from fulfillment.operations.sources import keep_source
from fulfillment.ports_web import Page
from fulfillment.usecases.start_run import start_run
from kernel.money import Money
from kernel.references import new_reference

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidOrder:
    """What is known of an order below revenue."""

    id: int
    reference: str
    mode: str
    trace_ref: str


def paid_order(*, mode: str = "sandbox", deal_id: int | None = None) -> PaidOrder:
    """Write the smallest paid order that the database takes."""
    trace_ref = new_reference("trc")
    checkout = apps.get_model("revenue", "CheckoutSession").objects.create(
        reference=new_reference("chk"),
        mode=mode,
        state="complete",
        origin="foreign",
        stripe_id=new_reference("cs_test"),
        trace_ref=trace_ref,
        created_at=NOON,
    )
    order = apps.get_model("revenue", "Order").objects.create(
        reference=new_reference("ord"),
        mode=mode,
        state="paid",
        checkout=checkout,
        deal_id=deal_id,
        trace_ref=trace_ref,
        amount_minor=100,
        currency="USD",
        placed_at=NOON,
        paid_at=NOON,
    )
    return PaidOrder(id=order.pk, reference=order.reference, mode=mode, trace_ref=trace_ref)


def home_project() -> str:
    """Return the project that every deal of these tests belongs to."""
    project = apps.get_model("crm", "Project").objects.get(name=HOME_PROJECT)
    return str(project.reference)


def open_intake_of(order: PaidOrder, *, now: datetime = NOON) -> OrderIntake:
    """Open the intake of ``order`` as a sale does."""
    opened = open_intake(
        order_id=order.id,
        order_ref=order.reference,
        offer_id=None,
        deal_id=None,
        mode=order.mode,
        trace_ref=order.trace_ref,
        project_ref=home_project(),
        subjects=[new_reference("deal"), new_reference("con")],
        funded=Money(100, "USD"),
        now=now,
    )
    return OrderIntake.objects.get(pk=opened.id)


def planned_run(*, mode: str = "sandbox", now: datetime = NOON) -> AcquisitionRun:
    """Open an intake and start its run. Not inside a transaction."""
    order = paid_order(mode=mode)
    open_intake_of(order, now=now)
    start_run(order_id=order.id, now=now)
    return AcquisitionRun.objects.get(intake__order_id=order.id)


def a_page(**changes: Any) -> Page:
    """Return a page as a reader returns it."""
    said: dict[str, Any] = {
        "final_url": "https://brightloom.example/pricing",
        "content_type": "text/html",
        "body": b"<h1>Pricing</h1><p>The Team plan costs 49 dollars a month.</p>",
        "title": "Pricing",
        "published_on": date(2026, 10, 5),
        "text": "Pricing\nThe Team plan costs 49 dollars a month.",
    }
    return Page(**said | changes)


def a_source(run: AcquisitionRun, *, codes: Sequence[str] = (), **changes: Any) -> Source:
    """Keep a page that was read for ``run``."""
    page = a_page(**changes)
    return keep_source(run, page, url=page.final_url, codes=codes, now=NOON)
