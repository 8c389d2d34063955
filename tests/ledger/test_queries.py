"""Reading entries: of a sale, of a record, page by page at any size."""

from __future__ import annotations

from typing import Any

import pytest

from kernel.money import Money
from kernel.paging import Cursor
from kernel.references import new_reference
from ledger import queries
from ledger.queries.entries import EntryRow
from tests.ledger.entries import ORDER, TRACE, dollars, paid

pytestmark = pytest.mark.django_db


def references(rows: list[EntryRow]) -> list[str]:
    return [row.reference for row in rows]


def test_one_sale_is_read_in_order_with_its_legs(django_assert_num_queries: Any) -> None:
    first = paid()
    paid(trace_ref=new_reference("trc"))
    second = paid(event="fee.taken", postings=None)

    with django_assert_num_queries(1):
        rows = queries.entries_of_trace(TRACE)

    assert references(rows) == [first.reference, second.reference]
    assert rows[0].legs == [
        ("assets:stripe", Money(100, "USD")),
        ("income:sales", Money(-100, "USD")),
    ]
    assert (rows[1].legs, rows[1].position) == ([], None)


def test_one_record_is_read_in_order() -> None:
    mine, _ = paid(), paid(subject=new_reference("ord"))

    assert references(queries.entries_of_subject(ORDER)) == [mine.reference]
    assert queries.entry_row(mine.reference) is not None
    assert queries.entry_row("led_unknown") is None


@pytest.fixture
def mixed(db: None) -> list[EntryRow]:
    for number in range(24):
        paid(
            kind=("model", "audit")[number % 2],
            facts={},
            mode=("sandbox", "test", "sample")[number % 3],
            trace_ref=TRACE if number % 4 else "",
            postings=dollars() if number % 5 else None,
        )
    return list(queries.entry_page(cursor=Cursor(), size=100).rows)


FILTERS: list[dict[str, str]] = [
    {},
    {"kind": "model"},
    {"mode": "test"},
    {"kind": "audit", "mode": "sample"},
    {"trace_ref": TRACE},
    {"trace_ref": TRACE, "kind": "audit"},
    {"account": "assets:stripe"},
    {"account": "assets:stripe", "mode": "sandbox"},
    {"kind": "spend"},
    {"mode": "live"},
    {"account": "assets:nothing"},
]


def keeps(row: EntryRow, sought: dict[str, str]) -> bool:
    accounts = [account for account, _ in row.legs]
    return all(
        value in accounts if name == "account" else getattr(row, name) == value
        for name, value in sought.items()
    )


@pytest.mark.parametrize("sought", FILTERS, ids=lambda sought: "-".join(sought) or "all")
def test_pages_show_each_entry_once_newest_first(
    mixed: list[EntryRow], sought: dict[str, str], django_assert_max_num_queries: Any
) -> None:
    expected = [row.reference for row in mixed if keeps(row, sought)]
    shown: list[str] = []
    cursor = Cursor()
    while True:
        with django_assert_max_num_queries(2):
            page = queries.entry_page(cursor=cursor, size=5, **sought)
        shown += references(page.rows)
        if page.older_than is None:
            break
        cursor = Cursor(before=page.older_than)

    assert shown == expected

    back: list[str] = references(page.rows)
    while page.newer_than is not None:
        page = queries.entry_page(cursor=Cursor(after=page.newer_than), size=5, **sought)
        back = references(page.rows) + back
    assert back == expected


def test_balances_never_add_modes_or_currencies() -> None:
    for _ in range(2):
        paid(mode="sandbox", postings=dollars(100))
    paid(mode="test", postings=dollars(30))
    paid(mode="test", postings=dollars(7, "EUR"))

    lines = [(line.mode, line.account, str(line.amount)) for line in queries.balances()]

    assert lines == [
        ("sandbox", "assets:stripe", "$2.00 USD"),
        ("sandbox", "income:sales", "−$2.00 USD"),
        ("test", "assets:stripe", "€0.07 EUR"),
        ("test", "income:sales", "−€0.07 EUR"),
        ("test", "assets:stripe", "$0.30 USD"),
        ("test", "income:sales", "−$0.30 USD"),
    ]
    assert len(queries.balances(mode="test", account="assets:stripe")) == 2
