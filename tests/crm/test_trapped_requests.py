"""Requests that look like spam: kept for a while, told to nobody, rescued by an operator."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone

from crm.models import Activity, Contact, Deal, TrappedRequest
from crm.tasks import forget_trapped
from crm.usecases.request_snapshot import SnapshotRequest, keep_trapped
from kernel.references import new_reference
from ledger import operations as ledger
from ledger.models import LedgerEntry
from ledger.queries import compare_rows
from notices.models import OperatorAlert
from revenue.models import BuyerMail
from tests.crm.test_request_form import TYPED, form_key, send
from tests.factories.people import client_of, make_person
from trinity.schedule import SWEEPS_EVERY_S

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def me() -> User:
    return make_person("operator")


@pytest.fixture
def operator(me: User) -> Client:
    return client_of(me, is_fresh=True)


@pytest.fixture
def trapped(client: Client) -> Iterator[TrappedRequest]:
    send(client, nickname="Gracie")
    return TrappedRequest.objects.get()


def keep(number: int, *, at: datetime) -> None:
    asked = SnapshotRequest(
        name="Grace", email=f"grace{number}@crunchline.example", company="C", website="", wish="w"
    )
    keep_trapped(asked=asked, trace_ref=new_reference("trc"), mode="sandbox", now=at)


def test_it_is_kept_as_it_was_typed_and_nobody_hears_of_it(trapped: TrappedRequest) -> None:
    assert (trapped.name, trapped.email, trapped.company) == (
        TYPED["name"],
        TYPED["email"],
        TYPED["company"],
    )
    assert (trapped.wish, trapped.website) == (TYPED["wish"], "https://crunchline.example")
    for model in (OperatorAlert, BuyerMail, Deal, Contact, LedgerEntry):
        assert not model.objects.exists()


def test_what_is_wrong_in_it_is_said_as_to_anybody(client: Client) -> None:
    assert send(client, nickname="Gracie", email="grace").status_code == 200
    assert not TrappedRequest.objects.exists()


def test_the_same_form_is_kept_once(client: Client) -> None:
    key = form_key(client)
    for _ in range(3):
        send(client, nickname="Gracie", form_key=key)

    assert TrappedRequest.objects.count() == 1


def test_an_operator_rescues_it_and_it_is_a_lead_like_any_other(
    operator: Client, me: User, trapped: TrappedRequest
) -> None:
    assert "1 request that looks like spam" in operator.get("/console/leads/").content.decode()
    page = operator.get("/console/leads/spam/").content.decode()
    assert TYPED["wish"] in page

    answer = operator.post(f"/console/leads/spam/{trapped.reference}/rescue/")

    deal = Deal.objects.get()
    assert answer.headers["Location"] == f"/console/deals/{deal.reference}/"
    assert (deal.stage, deal.trace_ref) == ("lead", trapped.trace_ref)
    assert Contact.objects.get().name == TYPED["name"]
    assert TYPED["wish"] in Activity.objects.get().words
    assert not TrappedRequest.objects.exists()
    entry = LedgerEntry.objects.get(event="lead.rescued")
    assert (entry.subject, entry.facts) == (deal.reference, {"actor": f"user:{me.pk}"})
    again = operator.post(f"/console/leads/spam/{trapped.reference}/rescue/", follow=True)
    assert "Nothing was changed" in again.content.decode()
    assert Deal.objects.count() == 1


def test_an_auditor_sees_none_of_it(trapped: TrappedRequest) -> None:
    auditor = client_of(make_person("auditor"))

    assert auditor.get("/console/leads/spam/").status_code == 403
    assert "spam" not in auditor.get("/console/leads/").content.decode()


def test_the_newest_two_hundred_stay() -> None:
    now = timezone.now()
    for number in range(TrappedRequest.KEPT_MAX + 5):
        keep(number, at=now + timedelta(seconds=number))

    assert TrappedRequest.objects.count() == TrappedRequest.KEPT_MAX == 200
    oldest = TrappedRequest.objects.order_by("id").first()
    assert oldest is not None
    assert oldest.email == "grace5@crunchline.example"


def test_after_thirty_days_they_are_forgotten() -> None:
    now = timezone.now()
    keep(1, at=now - TrappedRequest.KEPT - timedelta(minutes=1))
    keep(2, at=now - TrappedRequest.KEPT + timedelta(hours=1))
    assert TrappedRequest.objects.count() == 2

    assert forget_trapped() == 1

    assert TrappedRequest.objects.get().email == "grace2@crunchline.example"
    assert "crm.forget_trapped" in SWEEPS_EVERY_S


def test_a_person_who_is_erased_is_in_none_of_them(trapped: TrappedRequest) -> None:
    keep(7, at=timezone.now())
    out = StringIO()
    arguments = ["erase_subject", "GRACE@crunchline.example"]

    call_command(*arguments, stdout=out)
    assert trapped.reference in out.getvalue()
    call_command(*arguments, "--yes", "--reason", "asked", stdout=out)

    assert TrappedRequest.objects.get().email == "grace7@crunchline.example"
    entry = LedgerEntry.objects.get(event="personal_data.erased")
    assert entry.subject == trapped.reference
    assert compare_rows().is_good


def test_an_erasure_of_somebody_who_is_not_there_is_still_found() -> None:
    with transaction.atomic():
        ledger.audit(
            actor_id=None,
            event="personal_data.erased",
            subject=new_reference("con"),
            now=timezone.now(),
        )

    assert compare_rows().counts == {"row_unknown": 1}
