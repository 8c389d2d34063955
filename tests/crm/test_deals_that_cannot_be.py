"""What the database refuses, by the name of the promise."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from crm.enums import DEAL_MOVES, MOVES_BY_HAND, ActivityKind, DealStage
from crm.models import Activity, Company, Contact, Deal, Project
from crm.policy import HOME_PROJECT
from kernel.append_only import AppendOnlyViolation, salted_digest
from kernel.transitions import IllegalMove, LostRace
from tests.factories.crm import NOON, CompanyFactory, ContactFactory, DealFactory
from tests.owner import as_owner

pytestmark = pytest.mark.django_db


def refuses(sentence: str) -> Any:
    return pytest.raises(IntegrityError, match=sentence)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"stage": "sold"}, "deal_stage_known"),
        ({"mode": "dream"}, "deal_mode_known"),
        ({"stage": "won"}, "deal_won_iff_an_order_won_it"),
        ({"won_order_ref": "ord_1"}, "deal_won_iff_an_order_won_it"),
        ({"amount_minor": 100}, "deal_amount_has_a_currency"),
        ({"currency": "USD"}, "deal_amount_has_a_currency"),
        ({"amount_minor": -1, "currency": "USD"}, "deal_amount_has_a_currency"),
        ({"amount_minor": 1, "currency": "usd"}, "deal_amount_has_a_currency"),
    ],
)
def test_deals(changes: dict[str, object], sentence: str) -> None:
    with refuses(sentence):
        DealFactory(**changes)


def test_a_trace_has_one_deal_per_mode() -> None:
    DealFactory(trace_ref="trc_7", mode="sandbox")
    DealFactory(trace_ref="trc_7", mode="test")

    with refuses("deal_one_per_trace_and_mode"):
        DealFactory(trace_ref="trc_7", mode="test")


def test_an_order_wins_one_deal() -> None:
    DealFactory(stage="won", won_order_ref="ord_1")

    with refuses("deal_one_per_winning_order"):
        DealFactory(stage="won", won_order_ref="ord_1")


def test_a_deal_keeps_its_mode() -> None:
    deal = DealFactory()

    with refuses("the mode of a row never changes"):
        Deal.objects.filter(pk=deal.pk).update(mode="live")


def test_an_address_is_one_contact_in_each_world() -> None:
    ContactFactory(email="ada@company.example")
    ContactFactory(email="ada@company.example", is_sample=True)

    with refuses("contact_email_unique"):
        ContactFactory(email="Ada@company.example")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"email_key": None}, "contact_email_and_its_key_go_together"),
        ({"email": "", "email_key": "ada@company.example"}, "contact_email_and_its_key"),
        ({"erased_at": NOON}, "contact_erased_holds_nothing_personal"),
    ],
)
def test_contacts(changes: dict[str, object], sentence: str) -> None:
    with refuses(sentence):
        ContactFactory(**changes)


def test_a_company_is_one_by_domain_else_by_name() -> None:
    CompanyFactory(name="Acme", domain="acme.example")
    CompanyFactory(name="Acme", domain="acme.other.example")
    CompanyFactory(name="Acme", domain="")

    with refuses("company_domain_unique"), transaction.atomic():
        CompanyFactory(name="Other", domain="acme.example")
    with refuses("company_without_domain_unique_by_name"), transaction.atomic():
        CompanyFactory(name="ACME", domain="")


def test_finding_a_company_leaves_it_as_it_is() -> None:
    fields = {"website": "https://evil.example", "is_sample": False, "now": NOON}
    known = CompanyFactory(name="Acme", domain="acme.example", website="https://acme.example")

    assert Company.find_or_make(name="Evil", domain="acme.example", **fields) == known.pk
    assert Company.find_or_make(name=" ACME ", domain="", **fields) != known.pk
    assert Company.objects.get(pk=known.pk).name == "Acme"
    assert Company.objects.count() == 2


def line(deal: Deal, **changes: Any) -> bool:
    fields = {"key": "k", "kind": ActivityKind.NOTE, "deal_id": deal.pk, "now": NOON}
    return Activity.append(**{**fields, **changes})


def test_a_line_is_written_once_per_key() -> None:
    deal = DealFactory()

    assert (line(deal, words="first"), line(deal, words="second")) == (True, False)
    assert Activity.objects.get().words == "first"


def test_a_line_takes_mode_and_contact_of_its_deal() -> None:
    deal = DealFactory(mode="test")
    line(deal)

    written = Activity.objects.get()
    assert (written.mode, written.contact_id) == ("test", deal.contact_id)


@pytest.mark.parametrize("ref", ["Ada Lovelace", "ada@company.example", "+43 1 234", "ord_", ""])
def test_a_line_refers_to_records_and_never_says_words(ref: str) -> None:
    with pytest.raises(ValueError, match="refs hold nothing else"):
        line(DealFactory(), refs={"order": ref})
    assert not Activity.objects.exists()


def test_words_can_be_blanked_and_nothing_else() -> None:
    line(DealFactory(), words="Ada said so")
    written = Activity.objects.get()
    assert written.words_digest == salted_digest("Ada said so", salt=written.words_salt)

    with pytest.raises(AppendOnlyViolation):
        Activity.objects.update(kind="note")
    with as_owner(), refuses("append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE crm_activity SET words = 'Ada said no'")
    with as_owner(), refuses("append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE crm_activity SET occurred_at = now()")
    with as_owner(), refuses("append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE crm_activity")
    Activity.objects.update(words="", words_salt="")

    written.refresh_from_db()
    assert (written.words, written.words_salt) == ("", "")
    assert written.words_digest != ""


def test_moves_follow_the_table() -> None:
    deal = DealFactory(stage=DealStage.PROPOSAL)
    late = Deal.objects.get(pk=deal.pk)

    with pytest.raises(IllegalMove):
        deal.move(DealStage.LEAD)
    deal.move(DealStage.LOST)
    with pytest.raises(LostRace):
        late.move(DealStage.CHECKOUT)


def test_the_tables_of_moves_agree() -> None:
    assert set(DEAL_MOVES) == set(MOVES_BY_HAND) == set(DealStage)
    assert DEAL_MOVES[DealStage.WON] == frozenset()
    for stage in DealStage:
        assert MOVES_BY_HAND[stage] <= DEAL_MOVES[stage]
        assert DealStage.WON not in MOVES_BY_HAND[stage]
        assert stage == DealStage.WON or DealStage.WON in DEAL_MOVES[stage]


def test_the_home_project_is_there_once() -> None:
    assert Project.objects.filter(name=HOME_PROJECT).count() == 1
    assert Contact.objects.count() == 0
