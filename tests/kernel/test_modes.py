"""Mode: it never changes, and a child has its parent's."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from kernel.modes import MODE_WORDS, Mode
from tests.kernel.tables import Child, Parent

pytestmark = pytest.mark.usefixtures("tables")


def check_now() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_the_mode_of_a_row_never_changes() -> None:
    Parent.objects.create(mode=Mode.TEST)

    with pytest.raises(DatabaseError, match="mode of a row never changes"), transaction.atomic():
        Parent.objects.update(mode=Mode.LIVE)

    assert Parent.objects.update(mode=Mode.TEST) == 1  # no change is no harm


@pytest.mark.parametrize("mode", Mode.values)
def test_a_child_of_the_same_mode_is_taken(mode: str) -> None:
    Child.objects.create(parent=Parent.objects.create(mode=mode), mode=mode)
    check_now()


def test_a_test_payment_cannot_hang_under_a_live_order() -> None:
    live = Parent.objects.create(mode=Mode.LIVE)

    Child.objects.create(parent=live, mode=Mode.TEST)

    with pytest.raises(IntegrityError, match="kernel_tests_child_parent_id_same_mode"):
        check_now()


def test_a_child_without_a_parent_has_a_mode_of_its_own() -> None:
    Child.objects.create(parent=None, mode=Mode.SANDBOX)
    check_now()


def test_every_mode_has_words() -> None:
    assert set(MODE_WORDS) == set(Mode)
    assert all("real money moves" not in words for mode, words in MODE_WORDS.items()
               if mode is Mode.SAMPLE)  # fmt: skip
    assert [mode for mode, words in MODE_WORDS.items() if "No real money" in words] == [
        Mode.TEST,
        Mode.SANDBOX,
    ]
