"""Databases that older versions filled are migrated with all their rows, verify, and are served."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from trinity.restore_drill import empty_database
from trinity.stack.home import ROOT

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
NOT_SQL = re.compile(r"^(\\|SET transaction_timeout)")  # psql's own, and of Postgres 17 and later
ALERTS = """
SELECT id, reference, kind, subject, item, facts->>'what' AS what, facts, mode, raised_at, closed_at
FROM revenue_operatoralert ORDER BY id
"""
# What senders of then left: one given up, one to be tried again, one in hand, one told.
TRIED = """
UPDATE revenue_operatoralert alert SET attempts = left_as.attempts, told_as = left_as.told_as,
  error_class = left_as.error, next_attempt_at = left_as.due_at,
  leased_until = left_as.leased_until,
  told_at = CASE nth WHEN 4 THEN raised_at END
FROM (SELECT id, row_number() OVER (ORDER BY id) AS nth FROM revenue_operatoralert) numbered
  JOIN (VALUES
    (1, 12, '', 'Refused', NULL::timestamptz, NULL::timestamptz),
    (2, 3, '', 'Refused', '2030-01-01Z', NULL),
    (3, 1, 'single', '', '2030-01-02Z', '2030-01-02Z'),
    (4, 1, 'digest', '', NULL, NULL)
  ) AS left_as (place, attempts, told_as, error, due_at, leased_until) ON place = nth
WHERE numbered.id = alert.id
"""
MAILS = """
SELECT told_at IS NULL, told_as, mail.kind, mail.key = alert.reference, mail.state, mail.attempts,
  mail.error_class, mail.next_attempt_at::date::text, mail.queued_at = raised_at
FROM revenue_operatoralert alert LEFT JOIN notices_outgoingmail mail ON mail.id = mail_id
ORDER BY alert.id
"""
ENDED = {"usersessions_usersession"}  # 0.1.1 ended all sessions
ID_OF = {
    "checkouts": "revenue.checkouts",
    "mails to buyers": "revenue.buyer_mails",
    "answers about refunds": "revenue.refund_answers",
}


class Upgraded(NamedTuple):
    """A database after ``migrate``, and what it held before."""

    url: str
    seals_log: Path
    alerts_before: list[tuple[Any, ...]]
    rows_before: dict[str, int]


def rows(database: psycopg.Connection) -> dict[str, int]:
    found = database.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    tables = [table for (table,) in found]
    return {
        table: database.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # type: ignore[index]  # SELECT count(*) always returns one row
        for table in tables
    }


@pytest.fixture(scope="module", params=["0.1.0", "0.1.2"])
def upgraded(request: pytest.FixtureRequest) -> Iterator[Upgraded]:
    lines = gzip.decompress((HERE / f"{request.param}.sql.gz").read_bytes()).decode().splitlines()
    dump = "\n".join(line for line in lines if not NOT_SQL.match(line))
    with empty_database(os.environ["MIGRATION_DATABASE_URL"]) as url:
        with psycopg.connect(url) as database:
            database.execute(dump)  # type: ignore[arg-type]  # psycopg wants a literal; this is the dump in this folder
        with psycopg.connect(url) as database:
            assert database.execute(TRIED).rowcount == 4
            alerts, held = database.execute(ALERTS).fetchall(), rows(database)
        log = HERE / f"{request.param}.seals.log"
        said = run("manage.py", "migrate", url=url, seals_log=log)
        assert "0040_alerts_go_to_notices... OK" in said
        yield Upgraded(url, log, alerts, held)


def run(*arguments: str, url: str, seals_log: Path) -> str:
    """Run Python as a deployment does: pages as their own role, migrations as the owner."""
    page = urlsplit(os.environ["DATABASE_URL"])._replace(path=urlsplit(url).path)
    env = os.environ | {
        "DATABASE_URL": urlunsplit(page),
        "MIGRATION_DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "trinity.settings",
        "SEALS_LOG": str(seals_log),
    }
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return done.stdout


def test_no_row_is_lost(upgraded: Upgraded) -> None:
    with psycopg.connect(upgraded.url) as database:
        now = rows(database)

    fewer = {
        table: (number, now.get(table))
        for table, number in upgraded.rows_before.items()
        if now.get(table, -1) < number
    }
    assert fewer.keys() <= ENDED


def test_alerts_keep_their_rows_and_late_work_is_named_by_its_id(upgraded: Upgraded) -> None:
    with psycopg.connect(upgraded.url) as database:
        after = database.execute(ALERTS).fetchall()

    def by_id(about: str, item: str) -> tuple[str, str]:
        work = ID_OF.get(about, about)
        return work, item.replace(about, work, 1) if about in ID_OF else item

    assert len({kind for _, _, kind, *_ in after}) >= 9
    assert after == [
        (*which, *by_id(about, item), *rest)
        for *which, about, item, what, facts, mode, raised_at, closed_at in upgraded.alerts_before
        for rest in [(what, facts, mode, raised_at, closed_at)]
    ]


def test_an_alert_that_was_tried_waits_in_the_outbox_as_it_waited_before(
    upgraded: Upgraded,
) -> None:
    with psycopg.connect(upgraded.url) as database:
        given_up, put_off, in_hand, told, *never_tried = database.execute(MAILS).fetchall()

    kind = "notices.alerts"
    assert given_up == (True, "", kind, True, "failed", 12, "Refused", None, True)
    assert put_off == (True, "", kind, True, "queued", 3, "Refused", "2030-01-01", True)
    assert in_hand == (True, "", kind, True, "queued", 1, "", "2030-01-02", True)
    assert told == (False, "digest", *[None] * 7)
    assert set(never_tried) == {(True, "", *[None] * 7)}


def test_the_ledger_verifies(upgraded: Upgraded) -> None:
    key = json.loads(upgraded.seals_log.read_text().splitlines()[-1])["public_key"]

    arguments = ("manage.py", "verify_ledger", "--key", key)
    said = run(*arguments, url=upgraded.url, seals_log=upgraded.seals_log)

    assert "The ledger is good: nothing differs." in said


def test_migrating_again_changes_nothing(upgraded: Upgraded) -> None:
    said = run("manage.py", "migrate", url=upgraded.url, seals_log=upgraded.seals_log)

    assert "No migrations to apply." in said


def test_every_page_opens_for_whom_it_is_and_the_doctor_finds_nothing(upgraded: Upgraded) -> None:
    said = run("-m", "tests.upgrades.serve", url=upgraded.url, seals_log=upgraded.seals_log)

    assert json.loads(said) == []
