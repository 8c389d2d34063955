"""A lease ends when its process is known to be gone, and not before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from kernel import liveness
from kernel.leases import LostLease, end_leases_of_the_dead
from tests.kernel.tables import Job
from tests.owner import as_owner

pytestmark = pytest.mark.usefixtures("shared_tables")
ANY = "id IS NOT NULL"
SOON_S = 15.0


@pytest.fixture(autouse=True)
def _postgres_runs_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own Postgres may have started a moment ago."""
    started(monkeypatch, "0 minutes")


def started(monkeypatch: pytest.MonkeyPatch, ago: str) -> None:
    is_gone = liveness.HOLDER_IS_GONE.replace("20 seconds", ago)
    monkeypatch.setattr("kernel.leases.HOLDER_IS_GONE", is_gone)


@pytest.fixture
def held() -> Iterator[subprocess.Popen[str]]:
    """Return a process of its own that holds the lease of the only job."""
    job = Job.objects.create()
    command = [sys.executable, "-m", "tests.kernel.holding"]
    process = subprocess.Popen(
        [*command, connection.settings_dict["NAME"], str(job.pk)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "DATABASE_POOL": "0"},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "True\n"
    yield process
    process.kill()
    process.wait()


def ended() -> int:
    return end_leases_of_the_dead(Job, where=ANY, now=datetime.now(UTC))


def soon(number_of_leases: Callable[[], int]) -> int:
    """Return what ``number_of_leases`` says once it is not zero; Postgres sees a death at once."""
    until = time.monotonic() + SOON_S
    while not (found := number_of_leases()) and time.monotonic() < until:
        time.sleep(0.05)
    return found


def test_a_killed_process_loses_its_lease_long_before_it_is_over(
    held: subprocess.Popen[str],
) -> None:
    assert ended() == 0, "it lives"
    held.kill()
    held.wait()

    assert soon(ended) == 1
    assert Job.objects.get().take_lease(now=datetime.now(UTC), lease=timedelta(minutes=1))


def test_a_stopped_process_keeps_its_lease(held: subprocess.Popen[str]) -> None:
    held.send_signal(signal.SIGSTOP)

    assert [ended() for _ in range(5)] == [0] * 5

    held.send_signal(signal.SIGCONT)
    assert Job.objects.get().leased_until is not None


def test_whoever_comes_late_writes_nothing() -> None:
    job = Job.objects.create()
    job.take_lease(now=datetime.now(UTC), lease=timedelta(minutes=5))
    cut_sessions()

    assert soon(ended) == 1
    assert Job.objects.get().take_lease(now=datetime.now(UTC), lease=timedelta(minutes=5))
    with pytest.raises(LostLease):
        job.write_fenced(result="stale")


def test_a_process_whose_session_was_cut_goes_on_under_another_number() -> None:
    first = liveness.process_number()
    assert liveness.process_number() == first
    cut_sessions()

    assert liveness.process_number() != first
    job = Job.objects.create()
    assert job.take_lease(now=datetime.now(UTC), lease=timedelta(minutes=5))
    assert ended() == 0


def test_a_restart_of_postgres_gives_everybody_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    job = Job.objects.create()
    job.take_lease(now=datetime.now(UTC), lease=timedelta(minutes=5))
    liveness.leave()
    started(monkeypatch, "100 years")
    assert ended() == 0

    started(monkeypatch, "0 minutes")
    assert soon(ended) == 1


def test_a_process_with_a_thousand_open_connections_takes_leases() -> None:
    liveness.leave()
    many = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        assert liveness.process_number() == liveness.process_number()
    finally:
        for each in many:
            os.close(each)
        liveness.leave()


def test_no_wrong_clock_moves_the_time_that_processes_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "time", lambda: 0.0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()

    assert timedelta() <= liveness.database_now() - now < timedelta(seconds=SOON_S)


def cut_sessions() -> None:
    """Let Postgres end the session that says that this process lives, and see it gone."""
    number = liveness.process_number()
    held_by = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid = %s"
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT pg_terminate_backend(pid, 5000) FROM ({held_by}) held",
            [liveness.LOCK_SPACE, number],
        )
        assert cursor.fetchall() == [(True,)]
