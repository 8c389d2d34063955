"""An agent with a run of its own: what tests of the router begin with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from crm.models import Deal
from kernel.money import Money
from kernel.references import new_reference
from tests.factories.crm import DealFactory
from toolrouter import operations
from toolrouter.answers import Answer
from toolrouter.enums import RunKind
from toolrouter.queries import Credential, credential_of
from toolrouter.usecases.get_action import get_action
from toolrouter.usecases.make_run_token import make_run_token
from toolrouter.usecases.propose import propose
from toolrouter.usecases.read import read


def database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        return cursor.fetchone()[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """An agent that holds a token: each call of its begins with the token, as at the door."""

    token: str
    run_ref: str
    deal: Deal

    @property
    def credential(self) -> Credential:
        found = credential_of(self.token)
        assert found is not None
        return found

    def propose(
        self, operation: object, arguments: object, *, key: object = "k1", run: object = None
    ) -> Answer:
        return propose(self.credential, run, operation, arguments, key)

    def read(self, tool: str, arguments: object, *, run: object = None) -> Answer:
        return read(self.credential, run, tool, arguments)

    def get_action(self, action: object, *, run: object = None) -> Answer:
        return get_action(self.credential, run, action)

    def note(self, text: object, *, key: object = "k1", **others: Any) -> Answer:
        return self.propose(
            "crm.add_note", {"deal": self.deal.reference, "text": text, **others}, key=key
        )


def an_agent(
    *, kind: RunKind = RunKind.SALES, deal: Deal | None = None, **deal_fields: Any
) -> Agent:
    """Make a run on a deal of its own, and a token for it."""
    deal = deal or DealFactory(**deal_fields)
    now, run_ref = database_now(), new_reference("run")
    with transaction.atomic():
        operations.open_grant(
            run_ref=run_ref,
            kind=kind,
            project_ref=deal.project.reference,
            mode=deal.mode,
            trace_ref=deal.trace_ref,
            funded=Money.zero("USD"),
            deadline=now + timedelta(hours=4),
            subjects=[deal.reference, deal.contact.reference],
            now=now,
        )
    made = make_run_token(run_ref=run_ref, actor_id=None, now=now)
    return Agent(token=made.token, run_ref=run_ref, deal=deal)
