"""People who look, and the worker that acts on events."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from console.queries.dashboard import Dashboard, build_dashboard
from tests.conftest import NOON
from tests.factories.people import client_of, make_person
from tests.revenue.conftest import clock, deaf_gateway, process

__all__ = ["clock", "deaf_gateway", "process"]


@pytest.fixture
def operator() -> User:
    return make_person("operator")


@pytest.fixture
def browser(operator: User) -> Client:
    return client_of(operator)


@pytest.fixture
def auditor() -> Client:
    return client_of(make_person("auditor"))


@pytest.fixture
def seal(settings: Settings, tmp_path: Path) -> Callable[[], None]:
    """Seal the ledger, with a key and a log of heads of this test's own."""
    settings.SEAL_KEY_FILE, settings.SEALS_LOG = tmp_path / "seal.key", tmp_path / "seals.log"
    return lambda: call_command("seal_ledger", stdout=StringIO())


def board(now: datetime = NOON) -> Dashboard:
    return build_dashboard(now=now)


def dashboard_page(person: User) -> str:
    return client_of(person).get("/console/").content.decode()
