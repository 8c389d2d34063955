"""The sandbox and people who look, for tests of the webhook inspector."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories.people import client_of, make_person
from tests.outside import _outside, gateway, outside, pages_use_outside

__all__ = ["_outside", "gateway", "outside", "pages_use_outside"]


@pytest.fixture
def operator() -> Client:
    return client_of(make_person("operator"), is_fresh=True)


@pytest.fixture
def auditor() -> Client:
    return client_of(make_person("auditor"), is_fresh=True)
