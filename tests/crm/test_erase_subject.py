"""What is personal goes; what happened stays."""

from __future__ import annotations

import pytest
from django.core import serializers
from django.db import transaction

from crm.enums import SaleStatus
from crm.models import Activity, Company, Contact, Deal, Project
from crm.operations import Sale, attach_sale, erase_subject
from crm.usecases.request_snapshot import SnapshotRequest, request_snapshot
from crm.usecases.work_deal import add_note
from kernel.money import Money
from kernel.references import new_reference
from tests.factories.crm import NOON, ContactFactory

pytestmark = pytest.mark.django_db(transaction=True)

PERSONAL = ["Grace", "Hopper", "grace@crunchline.example", "Crunchline", "dental", "cus_grace"]


def ask(**changes: str) -> str:
    fields = {
        "name": "Grace Hopper", "email": "grace@crunchline.example", "company": "Crunchline",
        "website": "https://crunchline.example", "wish": "Look at dental practices.", **changes,
    }  # fmt: skip
    return request_snapshot(
        asked=SnapshotRequest(**fields), trace_ref=new_reference("trc"), mode="sandbox", now=NOON
    )


def buy(deal_ref: str) -> None:
    deal = Deal.objects.get(reference=deal_ref)
    with transaction.atomic():
        attach_sale(Sale(
            status=SaleStatus.WON, trace_ref=deal.trace_ref, deal_id=deal.pk, offer_id=None,
            title="", email="grace@crunchline.example", name="Grace Hopper",
            stripe_customer_id="cus_grace", mode="sandbox", amount=Money(100, "USD"),
            order_ref="ord_7", now=NOON,
        ))  # fmt: skip


def erase(email: str) -> list[str]:
    with transaction.atomic():
        return erase_subject(email=email, now=NOON)


def all_of_crm() -> str:
    rows = [
        row for model in (Project, Company, Contact, Deal, Activity) for row in model.objects.all()
    ]
    return serializers.serialize("json", rows)


def test_a_person_is_erased_and_the_sale_is_not(django_user_model: type) -> None:
    actor = django_user_model.objects.create_user("op")
    deal_ref = ask()
    add_note(deal_ref=deal_ref, words="Grace called.", actor_id=actor.pk, now=NOON)
    buy(deal_ref)
    assert [word for word in PERSONAL if word not in all_of_crm()] == []

    touched = erase(" GRACE@crunchline.example")

    assert [word for word in PERSONAL if word in all_of_crm()] == []
    deal, contact = Deal.objects.get(), Contact.objects.get()
    assert set(touched) == {deal.reference, contact.reference, Company.objects.get().reference}
    assert (deal.stage, deal.won_order_ref, deal.amount) == ("won", "ord_7", Money(100, "USD"))
    assert contact.erased_at == NOON
    assert list(Activity.objects.values_list("words_salt", flat=True)) == ["", "", ""]
    assert Activity.objects.exclude(words_digest="").count() == 2


def test_a_company_with_others_in_it_stays() -> None:
    ask()
    ask(name="Jean Bartik", email="jean@crunchline.example")

    erase("grace@crunchline.example")

    assert Company.objects.get().name == "Crunchline"
    assert Contact.objects.get(email="jean@crunchline.example").name == "Jean Bartik"
    assert "Jean" in all_of_crm()


def test_every_company_of_a_persons_deals_goes_where_nobody_else_is_known() -> None:
    ContactFactory(email="grace@crunchline.example", email_key="grace@crunchline.example")
    ask(company="Grace Hopper Ltd", website="")
    ask(company="Works of Grace", website="https://works-of-grace.example")
    ask(name="Jean", email="jean@shared.example", company="Shared", website="")
    ask(company="Shared", website="https://shared.example")

    erase("grace@crunchline.example")

    kept = Company.objects.exclude(name="Erased")
    assert [company.name for company in kept] == ["Shared"]
    assert "Grace" not in all_of_crm()


def test_erasing_again_or_nobody_changes_nothing() -> None:
    ask()
    erase("grace@crunchline.example")
    after = all_of_crm()

    assert erase("grace@crunchline.example") == []
    assert erase("nobody") == []
    assert all_of_crm() == after


def test_whoever_comes_back_is_somebody_new() -> None:
    ask()
    erase("grace@crunchline.example")
    ask()

    assert Contact.objects.filter(erased_at=None).count() == 1
    assert Contact.objects.count() == 2


def test_two_people_without_an_address_are_not_one() -> None:
    ContactFactory(email="", email_key=None)
    ContactFactory(email="", email_key=None)

    assert erase("") == []
    assert Contact.objects.filter(erased_at=None).count() == 2
