"""One web server and one of Stripe's door for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.trinity.serving.serving import Served, served

SECRETS = {
    "A_SECRET_OF_THIS_PROCESS": "wholly-unlikely-3b1f",
    "HTTP_PROXY": "http://wholly-unlikely-77c0.example:3128",
    "HTTP_A_KEY": "wholly-unlikely-90ee",
}


@pytest.fixture(scope="module")
def web(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Served]:
    """The web server, with pages that say what they were asked."""
    env = {"DJANGO_SETTINGS_MODULE": "tests.trinity.serving.echo_settings", **SECRETS}
    folder = tmp_path_factory.mktemp("web")
    with django_db_blocker.unblock(), served("web", folder=folder, env=env) as running:
        yield running


@pytest.fixture(scope="module")
def doors(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Served]:
    """Stripe's door, on the database of this test process."""
    folder = tmp_path_factory.mktemp("doors")
    with django_db_blocker.unblock(), served("doors", folder=folder) as running:
        yield running
