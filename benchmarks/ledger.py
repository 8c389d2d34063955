"""Appending to the ledger, sealing it, verifying it.

Needs Django set up against a Postgres whose role may create databases. Everything happens in a
scratch database of its own, with a key and a log in a temporary folder; both are gone afterwards.

append_per_s               entries with two legs each, 5 connections, one commit each
append_vs_bare_insert      the same against a bare INSERT of one such row, in the same run
append_sealing_ratio       append_per_s while a sealer in another process seals every second,
                           against no sealer at work (rounds alternate)
append_listing_ratio       append_per_s with the trigger that lists entries for sealing,
                           against none (rounds alternate)
append_sql                 statements that one new entry with two legs costs
seal_entries_per_s         sealing in batches
verify_entries_per_s       verify_ledger over a million entries with two legs each, every one
                           held against the revenue event that it speaks of, and the reverse
compare_entries_per_s      the comparisons alone, one after the other, as reconcile runs them
verify_rss_growth_mb       how much the verifying process grew meanwhile
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit, urlunsplit

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks import pairs
from kernel.money import Money
from kernel.references import new_reference
from ledger import operations
from ledger.adapters.key_file import KeyFile
from ledger.adapters.seals_log import SealsLog
from ledger.enums import EntryKind
from ledger.exchanges.seals import seal_due
from ledger.queries.verification import compare_rows, verify

CONNECTIONS: Final = 5  # the pool holds six
ENTRIES: Final = 1_000_000
LEGS: Final = {"assets:stripe": Money(100, "USD"), "income:sales": Money(-100, "USD")}
REFS: Final = ["cs_test_a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5f6", "pi_3a1b2c3d4e5f6a1b2c3d4e5f"]
_numbers = count(1)

_SEALER = """
import sys, time
from pathlib import Path
import django
django.setup()
from django.utils import timezone
from ledger.adapters.key_file import KeyFile
from ledger.adapters.seals_log import SealsLog
from ledger.exchanges.seals import seal_due
home = Path(sys.argv[1])
key, log = KeyFile.load_or_make(home / "seal.key"), SealsLog(home / "seals.log")
while True:
    print(seal_due(signer=key, sink=log, now=timezone.now()), flush=True)
    time.sleep(1)
"""
_BARE = """
INSERT INTO bare_row (reference, key, subject, refs, facts, occurred_at, content_hash)
VALUES (%s, %s, %s, %s::varchar[], '{}', now(), sha256('')) ON CONFLICT DO NOTHING
"""


class Context(Protocol):
    """What the runner tells: a quick look, or the figures that count."""

    quick: bool


def run(context: Context) -> dict[str, float]:
    """Return every figure of this module."""
    seconds = 2.0 if context.quick else 5.0
    entries = ENTRIES // 10 if context.quick else ENTRIES
    with scratch_database(), tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        append = append_per_s(seconds=seconds)
        return {
            "append_per_s": append,
            "append_vs_bare_insert": append / bare_insert_per_s(seconds=seconds),
            "append_sealing_ratio": append_with_and_without_seal_ratio(home, seconds=seconds),
            "append_listing_ratio": append_with_and_without_list_ratio(seconds=seconds),
            "append_sql": float(append_sql()),
            **verify_entries_per_s(home, entries=entries),
        }


@contextmanager
def scratch_database() -> Iterator[None]:
    """Work in a fresh, migrated database on the same server, and drop it."""
    was = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = f"bench_ledger_{os.getpid()}"
    connection.close()
    connection.close_pool()
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    connection.close_pool()
    try:
        yield
    finally:
        connection.close_pool()
        connection.creation.destroy_test_db(was, verbosity=0)


def append_per_s(*, seconds: float, connections: int = CONNECTIONS) -> float:
    """Append for a while on some connections; return entries per second."""
    return _rate(_append, seconds=seconds, connections=connections)


def bare_insert_per_s(*, seconds: float, connections: int = CONNECTIONS) -> float:
    """Insert a row of the same size, with the same unique key and nothing else."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bare_row (id bigserial PRIMARY KEY, reference text, key text UNIQUE,"
            " subject text, refs varchar[], facts jsonb, occurred_at timestamptz,"
            " content_hash bytea)"
        )
    return _rate(_insert_bare, seconds=seconds, connections=connections)


def append_with_and_without_seal_ratio(home: Path, *, seconds: float) -> float:
    """Append beside a sealer in another process, and without one, in turns."""
    idle = busy = 0.0
    for _ in range(3):
        idle += append_per_s(seconds=seconds / 2)
        with _sealer(home):
            busy += append_per_s(seconds=seconds / 2)
    return busy / idle


def append_with_and_without_list_ratio(*, seconds: float) -> float:
    """Append with and without the trigger that lists entries for the sealer, in turns."""
    without = listed = 0.0
    for _ in range(3):
        listed += append_per_s(seconds=seconds / 2)
        _switch_list("DISABLE")
        without += append_per_s(seconds=seconds / 2)
        _switch_list("ENABLE")
    return listed / without


def append_sql() -> int:
    """Return how many statements one new entry costs, its transaction aside."""
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        _record()
    return len(captured)


def verify_entries_per_s(home: Path, *, entries: int = ENTRIES) -> dict[str, float]:
    """Add ``entries`` with their rows, seal, verify; raise when the ledger is not good."""
    pairs.fill(entries)
    key, log = KeyFile.load_or_make(home / "seal.key"), SealsLog(home / "seals.log")
    began_s, sealed = time.perf_counter(), 0
    while done := seal_due(signer=key, sink=log, now=timezone.now()):
        sealed += done
    seal_s = time.perf_counter() - began_s
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    with _rss_growth_mb() as growth_mb:
        report = verify(heads=log.heads(), public_keys=[key.public_key], now=timezone.now())
    began_s = time.perf_counter()
    report.merge(compare_rows())
    compare_s = time.perf_counter() - began_s
    unlisted = report.counts.pop("not_listed", 0)  # written while the list was switched off
    if report.counts:
        raise AssertionError(f"the ledger is not good: {dict(report.counts)}")
    if report.entries_sealed + unlisted < entries:
        raise AssertionError(f"only {report.entries_sealed} entries were sealed")
    return {
        "seal_entries_per_s": sealed / seal_s,
        "verify_entries_per_s": report.entries_per_s,
        "compare_entries_per_s": entries / compare_s,
        "verify_rss_growth_mb": max(growth_mb),
    }


def _append() -> None:
    with transaction.atomic():
        _record()


def _record() -> None:
    now = timezone.now()
    operations.record(
        key=f"bench.entry:{os.getpid()}:{next(_numbers)}",
        kind=EntryKind.REVENUE,
        event="payment_booked",
        subject=new_reference("ord"),
        refs=REFS,
        facts={},
        mode="sample",
        trace_ref=new_reference("trc"),
        occurred_at=now,
        now=now,
        postings=LEGS,
    )


def _insert_bare() -> None:
    references = [new_reference("led"), f"bench.bare:{next(_numbers)}", new_reference("ord")]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_BARE, [*references, REFS])


def _rate(work: Callable[[], None], *, seconds: float, connections: int) -> float:
    """Do ``work`` on so many threads for so long; return how often per second."""
    until_s = time.perf_counter() + seconds

    def keep_on(_: int) -> int:
        done = 0
        try:
            while time.perf_counter() < until_s:
                work()
                done += 1
        finally:
            connection.close()
        return done

    connection.close()  # leave the pool to the threads
    with ThreadPoolExecutor(connections) as threads:
        return sum(threads.map(keep_on, range(connections))) / seconds


@contextmanager
def _sealer(home: Path) -> Iterator[None]:
    url = urlsplit(os.environ["MIGRATION_DATABASE_URL"])
    scratch = urlunsplit(url._replace(path=f"/{connection.settings_dict['NAME']}"))
    child = subprocess.Popen(
        [sys.executable, "-c", _SEALER, str(home)],
        env={**os.environ, "DATABASE_URL": scratch, "MIGRATION_DATABASE_URL": scratch},
        stdout=subprocess.PIPE,
    )
    if child.stdout is None or not child.stdout.readline():
        raise AssertionError("the sealer did not start")
    try:
        yield
    finally:
        child.terminate()
        child.wait()


def _switch_list(how: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE ledger_ledgerentry {how} TRIGGER ledger_list_for_sealing")


@contextmanager
def _rss_growth_mb() -> Iterator[list[float]]:
    """Yield a list that fills with how much this process has grown, every 20 ms."""
    page_mb = os.sysconf("SC_PAGE_SIZE") / 2**20
    statm = Path("/proc/self/statm")
    before = int(statm.read_text().split()[1]) * page_mb
    growth_mb, is_done = [0.0], threading.Event()

    def watch() -> None:
        while not is_done.wait(0.02):
            growth_mb.append(int(statm.read_text().split()[1]) * page_mb - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield growth_mb
    finally:
        is_done.set()
        watcher.join()
