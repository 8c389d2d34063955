"""What probes from outside are told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from ledger.operations import audit
from tests.factories.orders import AlertFactory
from tests.owner import as_owner
from tests.valkeys import running_valkey
from trinity import health

ALL_WELL = {"database": "ok", "migrations": "ok", "broker": "ok", "sweeps": "ok"}


def ready(client: Client) -> tuple[int, dict[str, Any]]:
    answer = client.get("/readyz")
    assert answer["Cache-Control"].startswith("max-age=0")
    return answer.status_code, answer.json()["checks"]


def test_healthz_asks_nobody(client: Client, django_assert_num_queries: Any) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_ready_when_all_is_well(client: Client) -> None:
    assert ready(client) == (200, ALL_WELL)


@pytest.mark.django_db
def test_a_missing_migration_is_named(client: Client) -> None:
    last = max(health._expected_migrations())
    with as_owner():
        MigrationRecorder.Migration.objects.filter(app=last[0], name=last[1]).delete()

    assert ready(client) == (503, ALL_WELL | {"migrations": "1 not applied"})


@pytest.mark.django_db
def test_a_broker_that_is_down_is_named_without_its_address(client: Client, settings: Any) -> None:
    settings.REDIS_URL = "redis://:secret@127.0.0.1:1/0"

    status, checks = ready(client)

    assert (status, checks) == (503, ALL_WELL | {"broker": "unreachable"})


@pytest.mark.django_db
def test_a_broker_that_is_full_is_named(client: Client, settings: Any, tmp_path: Path) -> None:
    """It answers PING, but no login can be counted and no word reaches a worker."""
    with running_valkey(tmp_path, "--maxmemory", "1") as socket:
        settings.REDIS_URL = f"unix://{socket}?db=0"

        assert ready(client) == (503, ALL_WELL | {"broker": "refuses writes"})


@pytest.mark.django_db
def test_late_work_is_named(client: Client) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    AlertFactory(raised_at=long_ago)
    AlertFactory(raised_at=timezone.now() + timedelta(hours=1))

    assert ready(client) == (503, ALL_WELL | {"sweeps": "late: alerts"})


@pytest.mark.django_db
def test_a_ledger_that_nobody_seals_is_named(client: Client) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    audit(actor_id=None, event="person.reactivated", subject="user:1", now=long_ago)

    assert ready(client) == (503, ALL_WELL | {"sweeps": "late: ledger entries"})


@pytest.mark.django_db
def test_a_door_of_stripes_that_is_down_is_named(client: Client, settings: Any) -> None:
    with http_server() as origin:
        settings.DOORS_URL = origin
        assert ready(client) == (200, ALL_WELL | {"doors": "ok"})

    assert ready(client) == (503, ALL_WELL | {"doors": "unreachable"})


@contextmanager
def http_server() -> Iterator[str]:
    """Answer every GET with 200; yield the origin."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
