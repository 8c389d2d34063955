"""Row → somebody outside → row: what is certain about a call, and who looks after its row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from kernel.exchanges import NEVER_MADE, NotMade, found_out, look_after_due, made_by
from kernel.retries import CallFailed, Refused, Unknown
from tests.kernel.tables import Job

MINUTE = timedelta(minutes=1)


def ends(error: CallFailed) -> Callable[[], str]:
    def call() -> str:
        raise error

    return call


def must_not_be_called() -> str:
    raise AssertionError("called")


def test_what_a_call_made_is_returned() -> None:
    assert made_by(lambda: "pass_1", is_first=True) == "pass_1"
    assert found_out(lambda: "pass_1", find=must_not_be_called, may_repeat=True) == "pass_1"
    assert found_out(must_not_be_called, find=lambda: "pass_1", may_repeat=False) == "pass_1"


@pytest.mark.parametrize("is_first", [True, False])
def test_a_refusal_that_weighed_the_call_is_certain(*, is_first: bool) -> None:
    with pytest.raises(NotMade) as raised:
        made_by(ends(Refused("too_late")), is_first=is_first)

    assert raised.value.code == "too_late"


def test_being_turned_away_is_certain_only_for_the_first_who_called() -> None:
    turned_away = ends(Refused("bad_key", is_proof=False))

    with pytest.raises(NotMade):
        made_by(turned_away, is_first=True)
    with pytest.raises(Refused):
        made_by(turned_away, is_first=False)
    with pytest.raises(Refused):
        found_out(turned_away, find=must_not_be_called, may_repeat=True)


@pytest.mark.parametrize("is_first", [True, False])
def test_no_answer_stays_unknown(*, is_first: bool) -> None:
    silent = ends(Unknown("no_answer"))

    with pytest.raises(Unknown):
        made_by(silent, is_first=is_first)
    with pytest.raises(Unknown):
        found_out(silent, find=must_not_be_called, may_repeat=True)


def test_what_is_not_found_where_the_call_may_not_be_repeated_was_never_made() -> None:
    with pytest.raises(NotMade) as raised:
        found_out(must_not_be_called, find=lambda: None, may_repeat=False)

    assert raised.value.code == NEVER_MADE


def test_looking_that_is_refused_is_no_proof() -> None:
    with pytest.raises(Refused):
        found_out(must_not_be_called, find=ends(Refused("forbidden")), may_repeat=False)


@pytest.mark.usefixtures("tables")
def test_rows_that_are_due_are_looked_after_one_by_one_unless_they_are_leased(
    now: datetime,
) -> None:
    first, held, last = (Job.objects.create() for _ in range(3))
    Job.objects.get(pk=held.pk).take_lease(now=now, lease=MINUTE)
    seen: list[tuple[int, datetime | None]] = []

    done = look_after_due(
        Job.objects.order_by("pk"),
        look_after=lambda job: seen.append((job.pk, job.leased_until)),
        clock=lambda: now,
        lease=MINUTE,
    )

    assert (done, seen) == (2, [(first.pk, now + MINUTE), (last.pk, now + MINUTE)])
