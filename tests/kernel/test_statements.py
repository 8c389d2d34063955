"""Single-row writes: the same rows as the ORM's, without its work."""

from __future__ import annotations

import pytest
from django.core.exceptions import FieldDoesNotExist
from django.db import DataError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from kernel.statements import insert, insert_once, insert_with, update_where
from tests.kernel.tables import Child, Door, Job, Parent, Remark

pytestmark = pytest.mark.usefixtures("tables")


def test_an_inserted_row_is_the_row_that_the_orm_would_save() -> None:
    saved, inserted = Remark(number=1, mode="test", body=b"\x00", salt=None), Remark(
        number=1, mode="test", body=b"\x00", salt=None
    )  # fmt: skip
    super(Remark, saved).save()

    insert(inserted)

    stored = Remark.objects.get(pk=inserted.pk)
    for field in Remark._meta.concrete_fields:
        if not field.primary_key:
            assert getattr(stored, field.attname) == getattr(saved, field.attname), field.name
    assert not inserted._state.adding


def test_a_key_that_we_chose_is_kept_and_stands_once() -> None:
    insert(Door(pk=7, state="shut"))

    assert not insert_once(Door(pk=7, state="open"))
    assert insert_once(Door(pk=8, state="open"))
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(Door(pk=7, state="open"))
    assert dict(Door.objects.values_list("pk", "state")) == {7: "shut", 8: "open"}


def test_a_row_and_what_belongs_to_it_are_one_statement() -> None:
    parent = Parent(mode="test")

    with CaptureQueriesContext(connection) as ran:
        insert_with(parent, Child, parent="parent", rows=[{"mode": "test"}] * 2)

    assert len(ran) == 1
    assert not parent._state.adding
    assert list(Child.objects.values_list("parent_id", "mode")) == [(parent.pk, "test")] * 2


def test_what_is_too_long_for_its_column_is_refused_and_not_cut() -> None:
    too_long = "x" * (1 + (Child._meta.get_field("mode").max_length or 0))

    with pytest.raises(DataError), transaction.atomic():
        insert_with(Parent(mode="test"), Child, parent="parent", rows=[{"mode": too_long}])
    assert not Parent.objects.exists()


def test_an_update_reaches_the_rows_that_equal_and_no_others() -> None:
    jobs = [Job.objects.create(lease_token=token) for token in (1, 1, 2)]

    assert update_where(Job, where={"lease_token": 1}, written={"result": "done"}) == 2
    assert (
        update_where(Job, where={"pk": jobs[0].pk, "lease_token": 9}, written={"result": ""}) == 0
    )
    assert list(Job.objects.order_by("pk").values_list("result", flat=True)) == ["done", "done", ""]


def test_a_relation_takes_a_row_or_its_id() -> None:
    parent, other = (Parent.objects.create(mode="test") for _ in range(2))
    child = Child.objects.create(parent=parent, mode="test")

    update_where(Child, where={"parent": parent}, written={"parent_id": other.pk})
    assert Child.objects.get().parent_id == other.pk
    update_where(Child, where={"id": child.pk}, written={"parent": parent})
    assert Child.objects.get().parent_id == parent.pk


def test_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(FieldDoesNotExist):
        update_where(Job, where={"pk": 1}, written={"colour": "red"})


def test_each_is_one_statement() -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        door = Door()
        insert(door)
        update_where(Door, where={"pk": door.pk}, written={"state": "shut"})

    assert len(queries) == 2
