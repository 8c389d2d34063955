"""Sample rows: many at once, the same at every call, and never mistaken for real ones."""

from __future__ import annotations

import pytest

from crm import queries
from crm.models import Activity, Company, Contact, Deal
from crm.operations import seed_sample
from kernel.references import is_reference, new_reference
from tests.factories.crm import NOON

pytestmark = pytest.mark.django_db


def counts() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Company, Contact, Deal, Activity))


def test_rows_are_made_once_and_more_can_follow() -> None:
    seed_sample(rows=100, now=NOON)
    assert counts() == (5, 100, 20, 30)

    seed_sample(rows=100, now=NOON)
    assert counts() == (5, 100, 20, 30)

    seed_sample(rows=205, now=NOON)
    assert counts() == (11, 205, 41, 61)


def test_every_row_says_that_it_is_a_sample() -> None:
    seed_sample(rows=50, now=NOON)

    assert set(Deal.objects.values_list("mode", flat=True)) == {"sample"}
    assert set(Activity.objects.values_list("mode", flat=True)) == {"sample"}
    assert set(Contact.objects.values_list("is_sample", flat=True)) == {True}
    assert set(Company.objects.values_list("is_sample", flat=True)) == {True}


def test_references_are_like_any_other_and_in_order_of_time() -> None:
    seed_sample(rows=100, now=NOON)

    for model in (Company, Contact, Deal, Activity):
        assert all(is_reference(ref) for ref in model.objects.values_list("reference", flat=True))
    deals = list(Deal.objects.order_by("pk").values_list("reference", flat=True))
    assert deals == sorted(deals)
    newest = Deal.objects.order_by("pk").last()
    made_at_ms = round(newest.created_at.timestamp() * 1000)
    assert newest.reference[5:15] == new_reference("deal", at_ms=made_at_ms)[5:15]
    assert newest.created_at == NOON


def test_the_sales_that_orders_can_be_made_for() -> None:
    seed_sample(rows=100, now=NOON)

    first = queries.sample_sales(after_deal_id=0, limit=6)
    rest = queries.sample_sales(after_deal_id=first[-1].deal_id, limit=100)

    won = Deal.objects.filter(stage="won")
    assert [sale.order_ref for sale in [*first, *rest]] == list(
        won.order_by("pk").values_list("won_order_ref", flat=True)
    )
    assert (len(first), len(rest)) == (6, 4)
    assert all(is_reference(sale.order_ref) for sale in first)
