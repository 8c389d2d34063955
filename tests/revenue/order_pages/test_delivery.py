"""What a buyer gets, once an owner has released it: on the order's page, and by mail."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.test import Client

from fulfillment.models import AcquisitionRun, Deliverable
from fulfillment.operations import progress
from fulfillment.operations.erasing import erase_deliverables
from fulfillment.usecases.start_run import start_run
from notices.models import OperatorAlert
from revenue.enums import AlertKind, MailKind, OrderState
from revenue.models import BuyerMail, Order
from tests.factories.orders import OrderFactory
from tests.factories.people import make_person
from tests.fulfillment.handing_in import handed_in, release
from tests.revenue.order_pages.test_order_page import opened, read, take_in
from tests.toolrouter.agents import database_now

pytestmark = pytest.mark.django_db(transaction=True)


def delivered() -> tuple[Order, Deliverable]:
    """Return an order whose snapshot was released."""
    order = OrderFactory(state=OrderState.PAID, buyer_email="ada@buyer.example")
    take_in(order)
    now = database_now()
    start_run(order_id=order.pk, now=now)
    run = AcquisitionRun.objects.get(intake__order_id=order.pk)
    AcquisitionRun.objects.filter(pk=run.pk).update(deadline=now.replace(year=now.year + 1))
    with transaction.atomic():
        progress.brief_given(run, now=now)
        progress.plan_submitted(run, refs=[], now=now)
        progress.plan_approved(run, refs=[], now=now)
    run.refresh_from_db()
    deliverable = handed_in(run)
    release(deliverable, make_person("owner"))
    return order, deliverable


def test_the_buyer_reads_the_very_bytes_that_were_released() -> None:
    order, deliverable = delivered()
    client = opened(order)

    assert "Your order is delivered" in read(client, f"/order/{order.reference}/")
    page = client.get(f"/order/{order.reference}/snapshot/")
    pdf = client.get(f"/order/{order.reference}/snapshot.pdf")
    deliverable.refresh_from_db()
    assert page.content == bytes(deliverable.page)
    assert pdf.content == bytes(deliverable.pdf)
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha")
    assert "no-store" in page.headers["Cache-Control"]
    assert pdf.headers["Content-Disposition"].startswith("attachment; ")


def test_nobody_else_reads_it() -> None:
    order, _ = delivered()
    for path in ("snapshot/", "snapshot.pdf"):
        assert Client().get(f"/order/{order.reference}/{path}").status_code == 403
    assert Client().post(f"/order/{order.reference}/snapshot/wrong/").status_code == 403


def test_the_buyer_is_mailed_in_the_commit_of_the_release_and_once() -> None:
    order, deliverable = delivered()

    (mail,) = BuyerMail.objects.filter(order=order, kind=MailKind.DELIVERED)
    assert (mail.dedupe_key, mail.to_address) == (deliverable.reference, "ada@buyer.example")


def test_before_the_release_there_is_nothing_to_read() -> None:
    order = OrderFactory(state=OrderState.PAID)
    client = opened(order)

    assert client.get(f"/order/{order.reference}/snapshot/").status_code == 302
    assert client.get(f"/order/{order.reference}/snapshot.pdf").status_code == 302


def test_a_mistake_is_told_once() -> None:
    order, deliverable = delivered()
    client = opened(order)

    for _ in range(2):
        client.post(f"/order/{order.reference}/snapshot/wrong/")

    (alert,) = OperatorAlert.objects.filter(kind=AlertKind.DELIVERY_WRONG)
    assert alert.subject == deliverable.reference
    page = read(client, f"/order/{order.reference}/")
    assert "You told us" in page
    assert "This is wrong" not in page


def test_a_refund_takes_nothing_away() -> None:
    order, deliverable = delivered()
    Order.objects.filter(pk=order.pk).update(state=OrderState.REFUNDED, refunded_minor=119)
    client = opened(order)

    assert "Read the snapshot" in read(client, f"/order/{order.reference}/")
    assert client.get(f"/order/{order.reference}/snapshot/").status_code == 200
    deliverable.refresh_from_db()
    assert deliverable.state == "released"


def test_what_was_erased_is_said_to_be() -> None:
    order, deliverable = delivered()
    with transaction.atomic():
        erase_deliverables([deliverable.run.reference], now=database_now())
    client = opened(order)

    assert "Your snapshot was erased" in read(client, f"/order/{order.reference}/")
    assert client.get(f"/order/{order.reference}/snapshot/").status_code == 302
