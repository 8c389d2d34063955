"""State moves: along the table, once, whoever asks."""

from __future__ import annotations

import pytest

from kernel.transitions import IllegalMove, LostRace
from tests.kernel.conftest import at_once
from tests.kernel.tables import Door


@pytest.mark.usefixtures("tables")
def test_a_move_writes_the_state_and_its_changes_together() -> None:
    door = Door.objects.create()

    door.move("shut", moved_by="ada")

    stored = Door.objects.get()
    assert (stored.state, stored.moved_by) == ("shut", "ada")
    assert (door.state, door.moved_by) == ("shut", "ada")


@pytest.mark.usefixtures("tables")
@pytest.mark.parametrize(
    ("source", "to"), [("open", "locked"), ("locked", "open"), ("open", "open")]
)
def test_what_the_table_does_not_have_is_refused(source: str, to: str) -> None:
    door = Door.objects.create(state=source)

    assert not door.can_move(to)
    with pytest.raises(IllegalMove, match=f"{source} -> {to}"):
        door.move(to, moved_by="ada")
    assert (Door.objects.get().state, door.moved_by) == (source, "")


@pytest.mark.usefixtures("tables")
def test_who_is_late_loses_and_changes_nothing() -> None:
    first = Door.objects.create()
    late = Door.objects.get()
    first.move("shut", moved_by="first")

    with pytest.raises(LostRace):
        late.move("shut", moved_by="late")

    assert (late.state, late.moved_by) == ("open", "")
    assert Door.objects.get().moved_by == "first"


@pytest.mark.races
@pytest.mark.usefixtures("shared_tables")
def test_of_many_at_once_one_wins() -> None:
    door_id = Door.objects.create().pk

    def shut(number: int) -> str:
        door = Door(pk=door_id, state="open")
        try:
            door.move("shut", moved_by=f"thread {number}")
        except LostRace:
            return ""
        return f"thread {number}"

    winners = [name for name in at_once(shut, threads=6) if name]

    assert [Door.objects.get().moved_by] == winners


@pytest.mark.usefixtures("tables")
def test_a_row_begins_in_a_state_before_it_is_inserted_and_not_after() -> None:
    door = Door()
    door.begin("shut")
    door.save()

    with pytest.raises(IllegalMove, match="was inserted already"):
        door.begin("open")
    assert (door.state, Door.objects.get().state) == ("shut", "shut")


@pytest.mark.usefixtures("tables")
def test_changes_beside_the_state_are_set_and_written_without_a_move() -> None:
    door = Door.objects.create()

    door.assign(moved_by="ada")
    assert (door.moved_by, Door.objects.get().moved_by) == ("ada", "")
    door.write(moved_by="eve")

    assert (door.moved_by, Door.objects.get().moved_by) == ("eve", "eve")


@pytest.mark.usefixtures("tables")
def test_a_state_among_the_changes_is_refused() -> None:
    door = Door.objects.create()

    with pytest.raises(IllegalMove, match="a state is written by move"):
        door.assign(state="shut")
    with pytest.raises(IllegalMove, match="a state is written by move"):
        door.write(moved_by="ada", state="shut")
    assert (door.state, Door.objects.get().moved_by) == ("open", "")
