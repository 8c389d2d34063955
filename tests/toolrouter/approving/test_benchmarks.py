"""What the benchmarks ask for is answered: one that measures a refusal would not show it."""

from __future__ import annotations

import importlib

import pytest
from django.contrib.auth.models import User

from benchmarks.__main__ import MODULES
from benchmarks.agents import approved_link
from benchmarks.deciding import approve_as_owner
from benchmarks.route import a_lead, database_now, read_once, token_for
from benchmarks.spending import ask, spending_run
from tests.factories.people import make_person
from tests.factories.revenue import OfferFactory
from tests.factories.toolrouter import prove_stripe
from toolrouter.enums import CallState
from toolrouter.models import ToolCall

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return make_person("owner")


def test_each_benchmark_is_there_and_can_be_run() -> None:
    assert all(callable(importlib.import_module(f"benchmarks.{name}").run) for name in MODULES)


def test_a_lead_is_read() -> None:
    deal_ref = a_lead()

    read_once(token_for(deal_ref), deal_ref)
    assert ToolCall.objects.get().state == CallState.DONE


@pytest.mark.usefixtures("owner")
def test_a_link_is_asked_for_and_approved() -> None:
    prove_stripe()
    OfferFactory(slug="acquisition-snapshot")

    assert approved_link() > database_now()
    assert ToolCall.objects.get().state == CallState.APPROVED


def test_a_spend_of_all_that_a_run_has_is_asked_for_and_approved(owner: User) -> None:
    approve_as_owner(ask(spending_run("USD", limit_minor=10_00), "USD"), owner)

    assert ToolCall.objects.get().state == CallState.APPROVED
