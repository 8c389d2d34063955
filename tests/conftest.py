"""Fixtures that every test may use. Real Postgres, real Valkey; nothing is mocked."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import hypothesis
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.test import TransactionTestCase
from environ import Env
from playwright.sync_api import Browser, sync_playwright
from pytest_django import DjangoDbBlocker

from crm.policy import HOME_PROJECT
from kernel.liveness import leave
from tests import migrated
from tests.grouping import (  # pytest finds the scheduler here
    costliest,
    pytest_xdist_make_scheduler,  # noqa: F401  # not named again
)
from tests.journeys.browsing import launch
from tests.owner import as_owner
from trinity.settings import celery_url
from trinity.stack.home import ROOT

NOON = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)  # in the past, whenever this runs


# A pause of the machine's is no fault of an example's.
hypothesis.settings.register_profile(
    "trinity", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("trinity")

# Playwright's loop runs in this thread; Django would otherwise refuse the ORM beside it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


def pytest_configure() -> None:
    """Give each process its own Valkey database, and drop what only costs time in tests.

    Set before Django builds a cache, a storage or a hasher from it.
    """
    settings.REDIS_URL = _of_this_process(settings.REDIS_URL)
    settings.CACHES["default"]["LOCATION"] = settings.REDIS_URL
    settings.CELERY_BROKER_URL = celery_url(settings.REDIS_URL)
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    # A machine that tests may be busy: nothing that is there is given up after a second.
    settings.CACHES["default"]["OPTIONS"] = {"socket_timeout": 30, "socket_connect_timeout": 30}
    settings.DATABASES["default"]["OPTIONS"]["pool"]["timeout"] = 60
    if owner := os.environ.get("MIGRATION_DATABASE_URL"):  # makes the test database, and drops it
        known = Env.db_url_config(owner)
        settings.DATABASES["default"] |= {name: known[name] for name in ("USER", "PASSWORD")}
    settings.REFUSALS_WRITTEN_EVERY_S = 0  # a thread of its own would write into other tests
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


def _of_this_process(redis_url: str) -> str:
    """Name the database of this xdist worker: tests empty theirs, and must not empty another's."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not worker:
        return redis_url
    number = int(worker.removeprefix("gw")) + 1
    parts = urlsplit(redis_url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={number}"  # urlunsplit would lose the empty host
    return urlunsplit(parts._replace(path=f"/{number}"))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Begin with what workers of a whole run will need, while they still collect their tests."""
    config = session.config
    if (
        config.getoption("numprocesses")
        and not hasattr(config, "workerinput")
        and config.args_source is pytest.Config.ArgsSource.TESTPATHS
    ):
        making = subprocess.Popen([sys.executable, "-m", "tests.prepared"], cwd=ROOT)
        config.add_cleanup(making.wait)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Copy the migrated database instead of migrating. (Django still applies what follows it.)"""
    migrated.made_from()
    connection.settings_dict["TEST"]["TEMPLATE"] = migrated.DATABASE


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let every connection of a test have the application's rights, and no more."""
    with django_db_blocker.unblock():
        _act_as(settings.APPLICATION_ROLE)
        yield
        leave()
        _act_as("")
        with connection.cursor() as cursor:  # nobody may be in a database that is dropped
            cursor.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'"  # autovacuum leaves by itself
            )


def _act_as(role: str) -> None:
    """Log in with the rights of ``role``. (By Django's ``assume_role`` a pool waits for itself.)"""
    options = connection.settings_dict["OPTIONS"]
    options.pop("options", None)
    if role:
        options["options"] = f"-c role={role}"
    connection.close()
    connection.close_pool()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One headless Chromium for all tests of a process; each test opens windows of its own."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded with ``record_property``, and where the time of a run went."""
    reports = [report for found in terminalreporter.stats.values() for report in found]
    said = {f"{name}: {value}" for each in reports for name, value in _properties(each)}
    for line in sorted(said):
        terminalreporter.write_line(line)
    if terminalreporter.config.getoption("numprocesses"):
        terminalreporter.write_line("The files that took longest, all of their tests together:")
        for line in costliest([each for each in reports if isinstance(each, pytest.TestReport)]):
            terminalreporter.write_line(line)


def _properties(report: object) -> list[tuple[str, object]]:
    return getattr(report, "user_properties", [])


@pytest.fixture
def now() -> datetime:
    return NOON


# Made by migrate and its post_migrate; no test changes them.
SEEDED = frozenset(
    {
        *("django_migrations", "django_content_type"),
        *("auth_permission", "auth_group", "auth_group_permissions"),
    }
)


# Rows that are always there stay, or are made anew as they were.
HOME: Final = f"SELECT reference FROM crm_project WHERE name = '{HOME_PROJECT}'"
STAYS: Final = {
    "crm_project": f" WHERE name <> '{HOME_PROJECT}'",
    "toolrouter_projectsettings": (f" WHERE changed_at IS NOT NULL OR project_ref NOT IN ({HOME})"),
    "toolrouter_safetysettings": " WHERE changed_at IS NOT NULL",
}
ALWAYS_THERE: Final = {
    "toolrouter_projectsettings": (
        "INSERT INTO toolrouter_projectsettings (project_ref, posture, opened_at)"
        f" SELECT reference, 'normal', created_at FROM crm_project WHERE name = '{HOME_PROJECT}'"
        " ON CONFLICT DO NOTHING"
    ),
    "toolrouter_safetysettings": (
        "INSERT INTO toolrouter_safetysettings (is_the_one, posture, outreach_open, spend_open,"
        " two_people_currency, decide_outbound_h, decide_spend_h, decide_provisioning_h,"
        " cap_raiser_waits) VALUES (true, 'normal', false, false, '', 24, 24, 24, false)"
        " ON CONFLICT DO NOTHING"
    ),
}


def empty_all_tables(_case: object = None) -> None:
    """Empty every table, append-only ones too.

    The only code that may do this: as table owner, in one transaction, with the triggers that
    refuse it disabled and enabled again. Rows are deleted, not truncated: a test writes few, and a
    TRUNCATE of sixty tables costs a second.
    """
    tables = [t for t in connection.introspection.table_names() if t not in SEEDED]
    with as_owner(), transaction.atomic(), connection.cursor() as cursor:
        asked = " UNION ALL ".join(
            f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\"{STAYS.get(table, '')})"
            for table in tables
        )
        cursor.execute(asked)
        filled = [row[0] for row in cursor.fetchall()]
        for table in filled:
            cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
        for table in filled:
            cursor.execute(f'DELETE FROM "{table}"{STAYS.get(table, "")}')
        for table in ALWAYS_THERE.keys() & set(filled):
            cursor.execute(ALWAYS_THERE[table])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in filled:
            cursor.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER USER')


TransactionTestCase._fixture_teardown = empty_all_tables


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    """Rate limits live in Valkey and would leak from test to test."""
    cache.clear()
