"""Each app says what it blanks for a person; what only can be blanked is blanked by one of them."""

from __future__ import annotations

import pytest
from django.apps import apps

from kernel import guards
from kernel.erasure import Eraser, ErasureResult, Person, StoredData, erasers, register

# Tables with columns that only can be blanked, of which no eraser needs to know; and why.
NOBODYS: dict[str, str] = {
    "kernel_tests_remark": "made for tests of the kernel",
}


def test_every_column_that_can_only_be_blanked_is_blanked_for_a_person() -> None:
    erased = {table: columns for each in erasers() for table, columns in each.erases.items()}
    erasable = guards.erasable()

    forgotten = {
        f"{table}.{column}"
        for table, columns in erasable.items()
        if table not in NOBODYS
        for column in columns - erased.get(table, frozenset())
    }

    assert forgotten == set()
    assert {"crm_activity", "revenue_stripewebhookevent", "revenue_orderreview"} <= set(erasable)


def test_an_eraser_names_columns_that_are_there() -> None:
    columns = {
        model._meta.db_table: {field.column for field in model._meta.fields}
        for model in apps.get_models()
    }

    for eraser in erasers():
        for table, named in eraser.erases.items():
            assert named <= columns[table], table


def test_the_lower_apps_are_asked_first() -> None:
    asked = [type(eraser).__module__ for eraser in erasers()]

    assert asked == [
        *("notices.erasure", "toolrouter.erasure", "fulfillment.erasure", "fulfillment.erasure"),
        *("crm.erasure", "revenue.erasure"),
    ]


def test_a_table_is_erased_in_one_way() -> None:
    class Second(Eraser):
        erases = {"crm_contact": frozenset({"name"})}

        def recognise(self, person: Person) -> Person:
            return person

        def kept(self, _person: Person) -> list[StoredData]:
            return []

        def blank(self, _person: Person, _now: object) -> ErasureResult:
            return ErasureResult(refs=(), counts={})

    with pytest.raises(ValueError, match="crm_contact: erased in two ways"):
        register(Second())
