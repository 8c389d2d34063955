"""The drill: back up, approve and use an approval, restore, start. Nothing is called again.

A database of its own on the same server, by ``pg_dump`` and ``pg_restore``; whether anything was
called is read from the sandbox's own records.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection

from approvals.enums import RequestState, Why
from kernel.grants import give
from kernel.liveness import leave
from ledger import providers
from ledger.queries.verification import verify
from tests.ledger.conftest import _seal_files
from tests.ledger.entries import paid, seal
from tests.owner import as_owner
from tests.sandbox.running_sandbox import RunningSandbox
from tests.toolrouter.agents import database_now
from tests.toolrouter.approving.deciding import (
    approve,
    at,
    at_stripe,
    call_of,
    findings,
    request_of,
    run_at,
    the_link,
)
from toolrouter.answers import Answer
from toolrouter.enums import CallState, IncidentKind
from toolrouter.exchanges.lost import look_for_lost
from toolrouter.exchanges.starts import compare_start
from toolrouter.models import Incident, ProviderReceipt, SafetySettings
from trinity.restore_drill import Tools, back_up, empty_database, restore

__all__ = ["_seal_files"]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("pages_use_outside", "_seal_files"),
    pytest.mark.slow,
]


def owners_address(database: str) -> str:
    url = os.environ["MIGRATION_DATABASE_URL"]
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


@contextmanager
def started_on(database: str) -> Iterator[None]:
    """Let all of this process use another database, as after a start on it."""
    own = connection.settings_dict["NAME"]
    _log_in_to(database)
    try:
        yield
    finally:
        _log_in_to(own)


def _log_in_to(database: str) -> None:
    leave()
    connection.close()
    connection.close_pool()
    connection.settings_dict["NAME"] = database


@pytest.fixture
def backup(answer: Answer, tmp_path: Path) -> Path:
    """A backup of the moment when the agent has asked and nobody has answered."""
    paid()
    seal()
    assert compare_start(now=database_now())
    return backed_up(tmp_path)


def backed_up(folder: Path) -> Path:
    url = owners_address(connection.settings_dict["NAME"])
    back_up(url, to=folder / "backup.dump", tools=Tools(url))
    return folder / "backup.dump"


@contextmanager
def restored(backup: Path) -> Iterator[None]:
    url = owners_address(connection.settings_dict["NAME"])
    with empty_database(url) as address:
        restore(backup, url=address, tools=Tools(address))
        with started_on(urlsplit(address).path.removeprefix("/")):
            with as_owner():
                give(settings.APPLICATION_ROLE, using="default")
            yield


def test_an_approval_used_after_the_backup_is_not_used_again(
    operator: User, answer: Answer, backup: Path, outside: RunningSandbox
) -> None:
    moment = approve(answer, operator)
    assert run_at(moment) == 1
    [made] = at_stripe(outside)
    seal()

    with restored(backup):
        assert request_of(answer).state == RequestState.PENDING  # as it was then
        assert run_at(moment) == 0

        held = Incident.objects.get()
        assert (held.kind, held.opened_by) == (IncidentKind.RESTORE, None)
        assert SafetySettings.objects.get().held_at == moment
        assert (request_of(answer).state, request_of(answer).why_closed) == (
            RequestState.EXPIRED, Why.RESTORED,
        )  # fmt: skip
        assert call_of(answer).state == CallState.UNKNOWN
        assert [link.id for link in at_stripe(outside)] == [made.id]

        look_for_lost(clock=at(moment))  # a listing, and nothing else

        assert (call_of(answer).state, the_link().stripe_id) == (CallState.DONE, made.id)
        assert ProviderReceipt.objects.get().state == "matched"
        assert [link.id for link in at_stripe(outside)] == [made.id]
        assert findings() == []
        heads = providers.head_sink().heads()
        report = verify(heads=heads, public_keys=providers.pinned_keys(), now=database_now())
        assert report.counts["tail_removed"] == 1  # nothing hides that entries are gone


def test_an_approval_from_before_the_backup_is_not_used_after_a_restore(
    operator: User, answer: Answer, outside: RunningSandbox, tmp_path: Path
) -> None:
    """It may have been used since, and nobody knows."""
    moment = approve(answer, operator)
    assert compare_start(now=moment)
    made = backed_up(tmp_path)

    with restored(made):
        assert request_of(answer).state == RequestState.APPROVED
        assert run_at(moment) == 0

        assert (request_of(answer).why_closed, Incident.objects.count()) == (Why.RESTORED, 1)
        assert (call_of(answer).state, at_stripe(outside)) == (CallState.UNKNOWN, [])
