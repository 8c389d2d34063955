"""A buyer of whom everything is kept, and the command that erases her."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from crm.models import Deal
from crm.usecases.request_snapshot import SnapshotRequest, request_snapshot
from crm.usecases.work_deal import add_note
from kernel.references import new_reference
from revenue.enums import MailState
from revenue.models import (
    BuyerMail,
    DoubleVerdict,
    EventClosing,
    Order,
    OrderLinkRequest,
    OrderNote,
    OrderReview,
    RefundRequest,
    StripeWebhookEvent,
)
from tests.factories.people import make_person
from tests.factories.revenue import NOON, CheckoutFactory, filed, refund_object, session_object

GRACE = "Grace@Crunchline.example"


WORDS = ("grace", "hopper", "crunchline", "dental", "cobol")


BUYER = {"email": GRACE, "name": "Grace Hopper"}


Process = Callable[[], list[StripeWebhookEvent]]


@pytest.fixture(autouse=True)
def _seal_files(settings: Any, tmp_path: Path) -> None:
    settings.SEAL_KEY_FILE = tmp_path / "seal.key"
    settings.SEALS_LOG = tmp_path / "seals.log"


@pytest.fixture
def order(process: Process) -> Order:
    """All that this version keeps about a buyer: request, notes, payment, refund, mails, reasons.

    The refund is booked and the mails have left, so nothing is under way.
    """
    actor = make_person("owner")
    asked = SnapshotRequest(
        name="Grace Hopper", email=GRACE.lower(), company="Crunchline",
        website="https://crunchline.example", wish="Look at dental practices.",
    )  # fmt: skip
    deal_ref = request_snapshot(
        asked=asked, trace_ref=new_reference("trc"), mode="sandbox", now=NOON
    )
    add_note(deal_ref=deal_ref, words="Grace wrote COBOL.", actor_id=actor.pk, now=NOON)
    deal = Deal.objects.get()
    checkout = CheckoutFactory(deal=deal, trace_ref=deal.trace_ref)
    filed("checkout.session.completed", session_object(checkout, customer_details=BUYER))
    filed("refund.created", refund_object(checkout, amount=40))
    stray = filed("charge.failed", {"id": "ch_x", "billing_details": BUYER})  # belongs to no order
    process()
    made = Order.objects.get()
    BuyerMail.objects.update(state=MailState.SENT)
    OrderReview.objects.create(
        order=made, verdict="accepted", reason="Hopper called.", decided_by=actor, decided_at=NOON
    )
    OrderNote.objects.create(
        order=made, words="Grace Hopper called.", written_by=actor, written_at=NOON
    )
    DoubleVerdict.objects.create(
        order=made, reason="Grace wanted two.", decided_by=actor, decided_at=NOON
    )
    EventClosing.objects.create(
        event=stray,
        reason="Hopper tried twice.",
        closed_by=actor,
        closed_at=NOON,
    )
    RefundRequest.objects.create(
        reference=new_reference("rfq"), mode="sandbox", order=made, state="booked",
        amount_minor=40, currency="USD", reason="Grace asked.", requested_by=actor,
        requested_at=NOON,
    )  # fmt: skip
    OrderLinkRequest.objects.create(email=GRACE.upper(), requested_at=NOON)
    return made


def all_tables() -> str:
    """Every row of every table, bytes read as text."""
    found = []
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')
            found += [f"{table}: {row}" for (row,) in cursor.fetchall()]
    for event in StripeWebhookEvent.objects.exclude(body=None):
        found.append(f"body: {bytes(event.body or b'').decode()}")
    return "\n".join(found)


def named_in(text: str) -> list[str]:
    return [word for word in WORDS if word in text.lower()]


def erase(*options: str, email: str = GRACE) -> str:
    out = StringIO()
    call_command("erase_subject", email, *options, stdout=out)
    return out.getvalue()


def erase_for_good(email: str = GRACE) -> str:
    return erase("--yes", "--reason", "asked", email=email)
