"""A sale finds its deal, or makes one, and moves it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.enums import ActivityKind, DealStage, SaleStatus
from crm.models import Activity, Contact, Deal
from crm.operations import AttachedDeal, Sale, attach_sale
from kernel.money import Money
from kernel.references import new_reference
from tests.factories.crm import NOON, CompanyFactory, ContactFactory, DealFactory

pytestmark = pytest.mark.django_db

DOLLAR = Money(100, "USD")
PENDING, FAILED, WON = SaleStatus.PENDING, SaleStatus.FAILED, SaleStatus.WON


def attach(status: SaleStatus = WON, **changes: Any) -> AttachedDeal:
    fields: dict[str, Any] = {
        "trace_ref": new_reference("trc"),
        "deal_id": None,
        "offer_id": None,
        "title": "Acquisition snapshot",
        "email": "ada@company.example",
        "name": "Ada Lovelace",
        "stripe_customer_id": "",
        "mode": "sandbox",
        "amount": DOLLAR,
        "order_ref": new_reference("ord"),
        "now": NOON,
    }
    return attach_sale(Sale(status=status, **{**fields, **changes}))


def test_a_direct_purchase_makes_the_contact_and_wins_a_new_deal() -> None:
    attached = attach(order_ref="ord_7", trace_ref="trc_7")

    contact, deal = Contact.objects.get(), Deal.objects.get()
    assert attached == AttachedDeal(
        deal_id=deal.pk,
        deal_ref=deal.reference,
        contact_id=contact.pk,
        contact_ref=contact.reference,
        project_ref=deal.project.reference,
        subjects=(deal.reference, contact.reference),
        won_by=None,
    )
    assert (contact.email, contact.name, contact.is_sample) == (
        "ada@company.example",
        "Ada Lovelace",
        False,
    )
    assert (deal.stage, deal.won_order_ref, deal.amount, deal.trace_ref, deal.mode) == (
        DealStage.WON,
        "ord_7",
        DOLLAR,
        "trc_7",
        "sandbox",
    )
    line = Activity.objects.get()
    assert (line.kind, line.refs, line.mode) == (
        ActivityKind.PAYMENT_RECEIVED,
        {"order": "ord_7"},
        "sandbox",
    )


@pytest.mark.parametrize(
    ("status", "stage"),
    [(PENDING, DealStage.CHECKOUT), (FAILED, DealStage.PROPOSAL), (WON, DealStage.WON)],
)
def test_a_new_deal_starts_where_its_sale_stands(status: SaleStatus, stage: DealStage) -> None:
    attach(status)

    assert Deal.objects.get().stage == stage


def test_a_direct_purchase_takes_four_statements() -> None:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        attach()

    assert len(captured) == 4


def test_the_same_order_again_changes_nothing() -> None:
    fields = {"order_ref": "ord_7", "trace_ref": "trc_7"}
    first = attach(**fields)

    assert attach(**fields) == first
    assert attach(**fields, title="", name="") == first
    assert (Deal.objects.count(), Contact.objects.count(), Activity.objects.count()) == (1, 1, 1)


def test_the_trace_finds_the_deal_before_its_number_does() -> None:
    by_trace, by_number = DealFactory(), DealFactory()

    attached = attach(trace_ref=by_trace.trace_ref, deal_id=by_number.pk)

    assert attached.deal_id == by_trace.pk


def test_the_number_finds_the_deal_before_contact_and_offer_do(offer_ids: tuple[int, int]) -> None:
    contact = ContactFactory(email="ada@company.example")
    by_number = DealFactory()
    DealFactory(contact=contact, offer_id=offer_ids[0])

    assert attach(deal_id=by_number.pk, offer_id=offer_ids[0]).deal_id == by_number.pk


def test_contact_and_offer_find_the_newest_open_deal(offer_ids: tuple[int, int]) -> None:
    contact = ContactFactory(email="ada@company.example")
    same = {"contact": contact, "offer_id": offer_ids[0]}
    DealFactory(**same)
    newest_open = DealFactory(**same)
    DealFactory(**same, stage=DealStage.LOST)
    DealFactory(contact=contact, offer_id=offer_ids[1])
    DealFactory(contact=contact)
    DealFactory(**same, mode="test")
    DealFactory(offer_id=offer_ids[0])

    assert attach(offer_id=offer_ids[0], email="ADA@Company.Example ").deal_id == newest_open.pk


def test_an_order_stays_with_its_deal_when_a_newer_one_appears(offer_ids: tuple[int, int]) -> None:
    contact = ContactFactory(email="ada@company.example")
    same = {"contact": contact, "offer_id": offer_ids[0]}
    fields = {"order_ref": "ord_7", "trace_ref": "trc_7", "offer_id": offer_ids[0]}
    first = DealFactory(**same)
    assert attach(PENDING, **fields).deal_id == first.pk
    DealFactory(**same)
    DealFactory(trace_ref="trc_7")

    assert attach(WON, **fields).deal_id == first.pk


def test_a_payment_of_another_mode_gets_its_own_deal() -> None:
    known = DealFactory(mode="sandbox")

    attached = attach(mode="test", deal_id=known.pk, trace_ref=known.trace_ref)

    assert attached.deal_id != known.pk
    assert sorted(Deal.objects.values_list("mode", "stage")) == [
        ("sandbox", "lead"),
        ("test", "won"),
    ]


def test_a_sample_sale_never_meets_a_real_contact() -> None:
    real = ContactFactory(email="ada@company.example")

    attached = attach(mode="sample")

    assert attached.contact_id != real.pk
    assert Contact.objects.get(pk=attached.contact_id).is_sample


def test_what_is_known_of_a_contact_stays() -> None:
    known = ContactFactory(
        email="Ada@Company.example",
        name="Countess",
        named_by_payment_at=NOON,
        stripe_customer_id="",
    )

    attach(name="Somebody Else", stripe_customer_id="cus_123")
    attach(stripe_customer_id="cus_456")

    known.refresh_from_db()
    assert (known.email, known.name, known.stripe_customer_id) == (
        "Ada@Company.example",
        "Countess",
        "cus_123",
    )


def test_a_name_that_was_paid_with_outranks_one_that_a_form_said() -> None:
    Contact.of_stranger(
        email="ada@company.example", name="Mallory", company_id=CompanyFactory().pk, now=NOON
    )

    attach(status=PENDING, name="Nobody who has paid yet")
    assert Contact.objects.get().name == "Mallory"
    attach(name="")
    assert Contact.objects.get().name == "Mallory"
    attach(name="Ada Lovelace")
    assert Contact.objects.get().name == "Ada Lovelace"
    attach(name="Augusta")
    Contact.of_stranger(
        email="ada@company.example", name="Eve", company_id=CompanyFactory().pk, now=NOON
    )

    assert Contact.objects.get().name == "Ada Lovelace"


def test_who_pays_is_the_contact_even_on_the_deal_of_another() -> None:
    deal = DealFactory()

    attached = attach(trace_ref=deal.trace_ref, email="boss@company.example")

    deal.refresh_from_db()
    assert attached.contact_id == Contact.objects.get(email="boss@company.example").pk
    assert deal.contact_id != attached.contact_id
    assert Activity.objects.get().contact_id == attached.contact_id


@pytest.mark.parametrize("email", ["", "nonsense", "a@" + "x" * 300 + ".example", "a\0b@c.example"])
def test_money_is_not_turned_away_for_an_address(email: str) -> None:
    fields = {"trace_ref": "trc_7", "order_ref": "ord_7", "email": email}

    first, again = attach(**fields), attach(**fields)

    assert first == again
    assert list(Contact.objects.values_list("email", "email_key")) == [("", None)]


def test_without_an_address_the_payer_is_the_deals_contact() -> None:
    deal = DealFactory()

    assert attach(trace_ref=deal.trace_ref, email="").contact_id == deal.contact_id
    assert Contact.objects.count() == 1


def test_a_second_order_for_a_won_deal_learns_who_won_it() -> None:
    deal = DealFactory(stage=DealStage.CHECKOUT)
    assert attach(deal_id=deal.pk, order_ref="ord_1").won_by is None

    second = attach(deal_id=deal.pk, order_ref="ord_2")

    deal.refresh_from_db()
    assert (second.deal_id, second.won_by, deal.won_order_ref) == (deal.pk, "ord_1", "ord_1")
    assert attach(deal_id=deal.pk, order_ref="ord_1").won_by is None
    assert list(Activity.objects.order_by("pk").values_list("kind", flat=True)) == [
        "payment_received",
        "double_payment",
    ]


@pytest.mark.parametrize("stage", [s for s in DealStage if s != DealStage.WON])
def test_money_wins_a_deal_from_any_stage(stage: DealStage) -> None:
    deal = DealFactory(stage=stage, amount_minor=900, currency="EUR")

    attach(deal_id=deal.pk)

    deal.refresh_from_db()
    assert (deal.stage, deal.amount) == (DealStage.WON, DOLLAR)


@pytest.mark.parametrize(
    ("stage", "status", "after"),
    [
        (DealStage.LEAD, PENDING, DealStage.CHECKOUT),
        (DealStage.PROPOSAL, PENDING, DealStage.CHECKOUT),
        (DealStage.LEAD, FAILED, DealStage.PROPOSAL),
        (DealStage.CHECKOUT, FAILED, DealStage.PROPOSAL),
        (DealStage.LOST, PENDING, DealStage.LOST),
        (DealStage.LOST, FAILED, DealStage.LOST),
    ],
)
def test_where_a_sale_without_money_moves_a_deal(
    stage: DealStage, status: SaleStatus, after: DealStage
) -> None:
    deal = DealFactory(stage=stage, amount_minor=900, currency="EUR")

    attach(status, deal_id=deal.pk)

    deal.refresh_from_db()
    assert (deal.stage, deal.amount) == (after, Money(900, "EUR"))


@pytest.mark.parametrize("status", [PENDING, FAILED])
def test_nothing_unwins_a_deal(status: SaleStatus) -> None:
    deal = DealFactory(stage=DealStage.WON, won_order_ref="ord_1")

    attach(status, deal_id=deal.pk, order_ref="ord_2")
    attach(status, deal_id=deal.pk, order_ref="ord_1")

    deal.refresh_from_db()
    assert (deal.stage, deal.won_order_ref) == (DealStage.WON, "ord_1")


FACTS = [("ord_1", PENDING), ("ord_1", FAILED), ("ord_2", PENDING), ("ord_2", FAILED)]


@pytest.mark.parametrize(
    ("facts", "stage"),
    [
        (FACTS[:2], DealStage.PROPOSAL),
        (FACTS[:3], DealStage.CHECKOUT),
        (FACTS, DealStage.PROPOSAL),
        ([*FACTS[:2], ("ord_1", WON)], DealStage.WON),
        ([*FACTS[:3], ("ord_2", WON)], DealStage.WON),
    ],
)
def test_the_stage_does_not_hang_on_the_order_of_facts(
    facts: list[tuple[str, SaleStatus]], stage: DealStage
) -> None:
    orders = list(itertools.permutations(facts))
    deals = [DealFactory(stage=DealStage.CHECKOUT) for _ in orders]

    for deal, order in zip(deals, orders, strict=True):
        for order_ref, status in [*order, order[0]]:
            attach(status, deal_id=deal.pk, order_ref=f"{order_ref}{deal.pk}")

    assert set(Deal.objects.values_list("stage", flat=True)) == {stage}
