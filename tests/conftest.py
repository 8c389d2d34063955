"""Fixtures that every test may use. Real Postgres, real Valkey; nothing is mocked."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models.signals import post_migrate
from django.test import TransactionTestCase

NOON = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)  # in the past, whenever this runs


def pytest_configure() -> None:
    """Two things that only cost time in tests: slow password hashes, hashed file names.

    Set before Django builds a storage or a hasher from them.
    """
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def now() -> datetime:
    return NOON


def empty_all_tables(_case: object = None) -> None:
    """Empty every table, append-only ones too.

    The only code that may do this: as table owner, in one transaction, with the triggers that
    refuse TRUNCATE disabled and enabled again.
    """
    kept = {"django_migrations", "django_content_type", "auth_permission"}
    tables = [t for t in connection.introspection.table_names() if t not in kept]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger"
            " WHERE tgname LIKE '%%\\_no\\_truncate' AND NOT tgisinternal"
        )
        guards = cursor.fetchall()
        off = "".join(f"ALTER TABLE {table} DISABLE TRIGGER {name};" for table, name in guards)
        on = "".join(f"ALTER TABLE {table} ENABLE TRIGGER {name};" for table, name in guards)
        cursor.execute(f"BEGIN; {off} TRUNCATE {', '.join(tables)} RESTART IDENTITY; {on} COMMIT;")
    _seed_again()


def _seed_again() -> None:
    """Groups and singletons come from post_migrate; a truncate took them away."""
    from django.apps import apps  # noqa: PLC0415  # the registry is ready only at run time

    for config in apps.get_app_configs():
        post_migrate.send(
            sender=config,
            app_config=config,
            verbosity=0,
            interactive=False,
            using="default",
            plan=[],
            apps=apps,
        )


TransactionTestCase._fixture_teardown = empty_all_tables


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    """Rate limits live in Valkey and would leak from test to test."""
    cache.clear()
