"""History: refused early by Python, for certain by the database; only words can be blanked."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from kernel.append_only import AppendOnlyViolation, new_salt, salted_digest
from tests.kernel.tables import Remark
from tests.owner import as_owner


@pytest.fixture
def remark(tables: None) -> Remark:
    return Remark.objects.create(
        number=1, words="hello", salt=new_salt(), body=b"bytes", mode="sandbox"
    )


def run(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE kernel_tests_remark SET number = 2",
        "UPDATE kernel_tests_remark SET number = NULL",
        "UPDATE kernel_tests_remark SET id = 99",
        "UPDATE kernel_tests_remark SET mode = ''",
        "UPDATE kernel_tests_remark SET words = 'other words'",
        "UPDATE kernel_tests_remark SET salt = 'another'",
        "UPDATE kernel_tests_remark SET body = '\\x01'",
        "UPDATE kernel_tests_remark SET words = '', number = 2",
        "DELETE FROM kernel_tests_remark",
        "TRUNCATE kernel_tests_remark",
    ],
)
def test_the_database_refuses_raw_sql(remark: Remark, sql: str) -> None:
    with as_owner(), pytest.raises(DatabaseError, match=r"append-only|not-null"):
        run(sql)

    stored = Remark.objects.get()
    assert (stored.pk, stored.number, stored.words, stored.mode) == (
        remark.pk, 1, "hello", "sandbox",
    )  # fmt: skip
    assert (stored.salt, bytes(stored.body)) == (remark.salt, b"bytes")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE kernel_tests_remark SET words = ''",
        "UPDATE kernel_tests_remark SET salt = NULL",
        "UPDATE kernel_tests_remark SET body = ''::bytea",
        "UPDATE kernel_tests_remark SET body = NULL, words = '', salt = NULL",
    ],
)
@pytest.mark.usefixtures("remark")
def test_words_can_be_blanked_and_stay_blank(sql: str) -> None:
    run(sql)
    run(sql)

    with pytest.raises(DatabaseError, match="append-only"):
        run("UPDATE kernel_tests_remark SET words = 'back', salt = 'back', body = '\\x01'")


def test_python_refuses_before_the_database_is_asked(
    remark: Remark, django_assert_num_queries: object
) -> None:
    remark.number = 2
    for rewrite in (
        remark.save,
        remark.delete,
        Remark.objects.all().delete,
        lambda: Remark.objects.update(number=2),
        lambda: Remark.objects.update(words="other"),
        lambda: Remark.objects.update(words="", number=2),
        lambda: Remark.objects.update(),
        lambda: Remark.objects.bulk_update([remark], ["number"]),
    ):
        with (
            django_assert_num_queries(0),
            pytest.raises(AppendOnlyViolation),
        ):
            rewrite()


def test_python_blanks_words(remark: Remark) -> None:
    assert Remark.objects.filter(pk=remark.pk).update(words="", salt=None) == 1

    stored = Remark.objects.get()
    assert (stored.words, stored.salt, stored.number) == ("", None, 1)


def test_a_row_with_a_chosen_key_never_overwrites_another(remark: Remark) -> None:
    twin = Remark(pk=remark.pk, number=2, words="", salt="", mode="sandbox")

    with pytest.raises(DatabaseError, match="duplicate key"), transaction.atomic():
        twin.save()

    assert Remark.objects.get().number == 1


def test_a_digest_means_nothing_without_its_salt() -> None:
    one, two = new_salt(), new_salt()

    assert one != two
    assert salted_digest("ada@example.com", salt=one) == salted_digest("ada@example.com", salt=one)
    assert salted_digest("ada@example.com", salt=one) != salted_digest("ada@example.com", salt=two)
    assert salted_digest("b", salt="a") != salted_digest("", salt="ab")
