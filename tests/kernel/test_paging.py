"""Pages by key: every row once, in both directions, one statement each."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict

from kernel.paging import KEY_MAX, Cursor, page_of
from tests.kernel.tables import Parent

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture
def ids() -> list[int]:
    rows = Parent.objects.bulk_create(Parent(mode="test") for _ in range(10))
    return [row.pk for row in reversed(rows)]


def test_walking_down_and_up_shows_every_row_once(ids: list[int]) -> None:
    query, down = QueryDict(""), []
    while True:
        page = page_of(Parent.objects.all(), cursor=Cursor.from_query(query), limit=4)
        down.append([row.pk for row in page.rows])
        if not page.older_address(query):
            break
        query = QueryDict(page.older_address(query)[1:])
    up = [down[-1]]
    while page.newer_address(query):
        query = QueryDict(page.newer_address(query)[1:])
        page = page_of(Parent.objects.all(), cursor=Cursor.from_query(query), limit=4)
        up.insert(0, [row.pk for row in page.rows])

    assert down == [ids[:4], ids[4:8], ids[8:]]
    assert [pk for page_ids in up for pk in page_ids] == ids


def test_a_page_is_one_statement(ids: list[int], django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        page_of(Parent.objects.all(), cursor=Cursor(before=ids[3]), limit=4)


def test_an_address_keeps_the_filters(ids: list[int]) -> None:
    query = QueryDict("mode=test&before=999999999")

    page = page_of(Parent.objects.all(), cursor=Cursor.from_query(query), limit=4)

    assert page.older_address(query) == f"?mode=test&before={ids[3]}"


@pytest.mark.parametrize(
    ("query", "cursor"),
    [
        ("", Cursor()),
        ("before=x", Cursor()),
        ("before=-1", Cursor()),
        ("before=²", Cursor()),
        ("before=7&after=9", Cursor(before=7)),
        ("after=9", Cursor(after=9)),
        ("before=9999999999999999999", Cursor(before=KEY_MAX)),
        ("before=99999999999999999999", Cursor()),
    ],
)
def test_what_is_no_key_is_the_first_page(query: str, cursor: Cursor) -> None:
    assert Cursor.from_query(QueryDict(query)) == cursor
