"""A row of each table that has such a constraint, as whoever makes it writes it."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from fulfillment.enums import TurnPurpose
from fulfillment.models import Deliverable, Turn
from fulfillment.operations import open_turn
from kernel.references import new_reference
from notices.models import OutgoingMail
from notices.operations import queue_mail
from revenue.models import OfferPrice, PaymentLink
from tests.approvals.asking import ask, boxes, challenge
from tests.factories.crm import NOON, DealFactory
from tests.factories.fulfillment import planned_run
from tests.factories.people import make_person
from tests.factories.revenue import (
    OfferFactory,
)
from tests.factories.toolrouter import new_grant
from tests.toolrouter.agents import an_agent
from toolrouter.models import (
    Incident,
    ProviderReceipt,
    Purchase,
    Reservation,
    RunToken,
    ToolCall,
)
from trinity.people.mails import RESET

CLOSED = {"closed_at": NOON, "reason_digest": "0" * 64}
PAID = {"paid_minor": 49_00, "paid_currency": "USD", "paid_on": NOON.date()}


def approval() -> Model:
    with boxes():
        return ask(now=timezone.now())


def step_up() -> Model:
    with boxes():
        return challenge(ask(now=timezone.now()), make_person("owner"), now=timezone.now())


def run_token() -> Model:
    return RunToken.objects.create(
        reference=new_reference("rtk"),
        grant=new_grant(),
        token_sha256="0" * 64,
        made_at=NOON,
        expires_at=NOON + timedelta(hours=1),
    )


def turn() -> Model:
    run = planned_run()
    with transaction.atomic():
        open_turn(run, purpose=TurnPurpose.PLAN, now=NOON)
    return Turn.objects.get(run=run)


def incident() -> Model:
    return Incident.objects.create(
        reference=new_reference("inc"),
        kind="legal",
        scope="account",
        opened_by=make_person("owner"),
        opened_at=NOON,
        reason_digest="0" * 64,
    )


def tool_call() -> Model:
    return ToolCall.objects.get(reference=an_agent().note("A note.").action)


def receipt() -> Model:
    return ProviderReceipt.objects.create(
        reference=new_reference("rcp"),
        call=tool_call(),
        mode="sandbox",
        state="pending",
        provider="stripe",
        provider_ref="plink_1",
        made_at=NOON,
    )


def reservation() -> Model:
    call = ToolCall.objects.get(pk=tool_call().pk)
    return Reservation.objects.create(
        reference=new_reference("rsv"),
        call=call,
        grant_id=call.grant_id or 0,
        project_ref=call.project_ref,
        run_ref=call.run_ref,
        family="purchase",
        currency="USD",
        mode=call.mode,
        ceiling_minor=1_00,
        state="open",
        reserved_at=NOON,
    )


def purchase() -> Model:
    call = ToolCall.objects.get(pk=tool_call().pk)
    return Purchase.objects.create(
        reference=new_reference("pur"),
        call=call,
        mode=call.mode,
        project_ref=call.project_ref,
        run_ref=call.run_ref,
        trace_ref=call.trace_ref,
        approval_ref=new_reference("apr"),
        state="to_buy",
        category="data",
        payee="vendor.example",
        words_digest="0" * 64,
        approved_minor=49_00,
        currency="USD",
        made_at=NOON,
        due_at=NOON,
    )


def closed_purchase() -> Model:
    row = purchase()
    changes = CLOSED | {"state": "not_bought", "closed_by": make_person("operator")}
    Purchase.objects.filter(pk=row.pk).update(**changes)
    return row


def bought_purchase() -> Model:
    row = closed_purchase()
    Purchase.objects.filter(pk=row.pk).update(state="bought", **PAID)
    return row


def payment_link() -> Model:
    return PaymentLink.objects.create(
        reference=new_reference("plk"),
        mode="sandbox",
        offer=OfferFactory(),
        deal=DealFactory(mode="sandbox"),
        trace_ref=new_reference("trc"),
        amount_minor=100,
        currency="USD",
        parameters={},
        created_at=NOON,
    )


def team_mail() -> Model:
    queue_mail(kind=RESET, user_id=make_person("operator").pk, now=NOON)
    return OutgoingMail.objects.get()


def alert_mail() -> Model:
    return OutgoingMail.objects.create(
        reference=new_reference("mail"),
        kind="notices.alerts",
        key="alr_1",
        lane="alerts",
        next_attempt_at=NOON,
        queued_at=NOON,
    )


def price() -> Model:
    return OfferPrice.objects.create(offer=OfferFactory(), mode="sandbox", created_at=NOON)


def deliverable() -> Deliverable:
    """A document that waits for its release."""
    run = planned_run()
    made = Deliverable(
        reference=new_reference("dlv"),
        run=run,
        mode=run.mode,
        trace_ref=run.trace_ref,
        kind="snapshot",
        number=1,
        section_refs=[],
        page=b"page",
        page_sha256="0" * 64,
        pdf=b"pdf",
        pdf_sha256="0" * 64,
        call_ref="call_1",
        made_at=NOON,
    )
    made.begin("in_review")
    made.save(force_insert=True)
    return made
