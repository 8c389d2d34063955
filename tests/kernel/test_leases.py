"""Leases: one worker at a time, and the late one writes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from kernel.leases import LostLease
from kernel.transitions import LostRace
from tests.kernel.conftest import at_once
from tests.kernel.tables import Errand, Job

MINUTE = timedelta(minutes=1)


@pytest.mark.usefixtures("tables")
def test_a_lease_is_taken_and_given_back(now: datetime) -> None:
    job = Job.objects.create()

    assert job.take_lease(now=now, lease=MINUTE)
    assert (job.leased_until, job.lease_token) == (now + MINUTE, 1)
    job.write_fenced(result="done")

    stored = Job.objects.get()
    assert (stored.result, stored.leased_until, stored.lease_token) == ("done", None, 1)


@pytest.mark.usefixtures("tables")
def test_a_running_lease_keeps_others_out(now: datetime) -> None:
    Job.objects.create().take_lease(now=now, lease=MINUTE)
    other = Job.objects.get()

    assert not other.take_lease(now=now + MINUTE - timedelta(microseconds=1), lease=MINUTE)
    assert other.take_lease(now=now + MINUTE, lease=MINUTE)


@pytest.mark.usefixtures("tables")
def test_a_worker_that_outlived_its_lease_writes_nothing(now: datetime) -> None:
    slow = Job.objects.create()
    slow.take_lease(now=now, lease=MINUTE)
    quick = Job.objects.get()
    quick.take_lease(now=now + 2 * MINUTE, lease=MINUTE)

    with pytest.raises(LostLease):
        slow.write_fenced(result="stale")
    quick.write_fenced(result="fresh")
    with pytest.raises(LostLease):
        slow.write_fenced(result="stale")

    assert Job.objects.get().result == "fresh"
    assert slow.result == ""
    assert issubclass(LostLease, LostRace)


@pytest.mark.usefixtures("tables")
def test_a_row_read_before_somebody_elses_lease_cannot_be_claimed_with_it(now: datetime) -> None:
    Job.objects.create()
    one, two = Job.objects.get(), Job.objects.get()
    one.take_lease(now=now, lease=MINUTE)
    one.write_fenced(result="done")

    assert not two.take_lease(now=now + 2 * MINUTE, lease=MINUTE)


@pytest.mark.usefixtures("tables")
def test_who_moves_a_leased_row_gives_it_back(now: datetime) -> None:
    errand = Errand.objects.create()
    errand.take_lease(now=now, lease=MINUTE)

    errand.move_fenced("done", tries=1)

    stored = Errand.objects.get()
    assert (stored.state, stored.tries, stored.leased_until) == ("done", 1, None)
    assert (errand.state, errand.tries, errand.leased_until) == ("done", 1, None)


@pytest.mark.usefixtures("tables")
def test_a_row_that_moved_under_its_lease_is_neither_moved_nor_put_off(now: datetime) -> None:
    errand = Errand.objects.create()
    errand.take_lease(now=now, lease=MINUTE)
    Errand.objects.get().move("refused")

    with pytest.raises(LostLease):
        errand.move_fenced("done", tries=1)
    with pytest.raises(LostLease):
        errand.write_unmoved(tries=1)

    stored = Errand.objects.get()
    assert (stored.state, stored.tries, stored.leased_until) == ("refused", 0, now + MINUTE)
    assert (errand.state, errand.tries) == ("asked", 0)


@pytest.mark.usefixtures("tables")
def test_who_read_a_row_without_a_lease_writes_until_somebody_claims_it(now: datetime) -> None:
    first = Errand.objects.create()
    first.write_unmoved(tries=1)
    second = Errand.objects.get()
    Errand.objects.get().take_lease(now=now, lease=MINUTE)

    with pytest.raises(LostLease):
        second.write_unmoved(tries=2)
    with pytest.raises(LostLease):
        second.move_fenced("done")

    stored = Errand.objects.get()
    assert (stored.state, stored.tries, stored.leased_until) == ("asked", 1, now + MINUTE)
    assert (stored.is_leased(now=now), second.is_leased(now=now)) == (True, False)
    assert not stored.is_leased(now=now + MINUTE)


@pytest.mark.races
@pytest.mark.usefixtures("shared_tables")
def test_of_many_at_once_one_gets_the_lease(now: datetime) -> None:
    job_id = Job.objects.create().pk

    def claim(number: int) -> bool:
        job = Job(pk=job_id, lease_token=0)
        return job.take_lease(now=now, lease=MINUTE)

    assert sorted(at_once(claim, threads=6)) == [False] * 5 + [True]
    assert Job.objects.get().lease_token == 1
