"""What tests of research share: a web that answers as a test wants, and an agent with a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import connection
from pytest_django import Settings

from fulfillment.exchanges.lookups import look_up_due
from fulfillment.models import AcquisitionRun, Lookup
from fulfillment.ports_web import Hit, Page
from kernel.liveness import database_now
from ledger.rows import comparisons
from tests.toolrouter.agents import Agent
from toolrouter.usecases.make_run_token import make_run_token

URL = "https://brightloom.example/pricing"


class Web:
    """The web as a run's worker meets it: answers in turn, and counts how often it was asked."""

    def __init__(self, *answers: object) -> None:
        self.answers, self.asked = list(answers), list[str]()

    def read(self, url: str) -> Page:
        return self._next(url)  # type: ignore[no-any-return]  # whatever a test put there

    def search(self, query: str) -> Sequence[Hit]:
        return self._next(query)  # type: ignore[no-any-return]  # likewise

    def _next(self, asked: str) -> Any:
        self.asked.append(asked)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer

    def work(self, *, later: timedelta = timedelta()) -> int:
        return look_up_due(reader=self, engine=self, clock=lambda: database_now() + later)


def replace_research(settings: Settings, **changes: str) -> Any:
    return replace(settings.RESEARCH, **changes)


def agent_of(run: AcquisitionRun) -> Agent:
    made = make_run_token(run_ref=run.reference, actor_id=None, now=database_now())
    return Agent(token=made.token, run_ref=run.reference, deal=None)  # type: ignore[arg-type]  # of no use here


def end_leases() -> None:
    """Let time pass for whoever holds a lookup, by the database's clock as well."""
    Lookup.objects.update(leased_until=database_now(), next_attempt_at=database_now())


def hit(**changes: str) -> Hit:
    return Hit(**{"url": URL, "title": "Pricing", "snippet": "From 49 dollars."} | changes)


def assert_books_agree() -> None:
    for comparison in comparisons():
        if "toolrouter_toolcall" not in comparison.sql:
            continue
        with connection.cursor() as cursor:
            cursor.execute(comparison.sql)
            found = cursor.fetchall()
        assert list(comparison.read(found) if comparison.read else found) == [], comparison.name
