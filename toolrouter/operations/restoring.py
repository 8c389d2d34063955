"""What follows when the database is older than what was done: in the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import connection

from approvals.enums import Why
from approvals.operations import expire_all
from toolrouter.enums import CallState, IncidentKind, Scope
from toolrouter.models import ToolCall
from toolrouter.operations.changes import By
from toolrouter.operations.incidents import open_incident
from toolrouter.operations.locking import lock_settings
from toolrouter.operations.settling import lose_in_restore

_WRITE: Final = """
INSERT INTO toolrouter_databasestart
  (is_the_one, server_started_at, written_by, head_outside, is_shorter, compared_at)
VALUES (true, pg_postmaster_start_time(), 0, %s, %s, %s)
ON CONFLICT (is_the_one) DO UPDATE SET server_started_at = excluded.server_started_at,
  head_outside = excluded.head_outside, is_shorter = excluded.is_shorter,
  compared_at = excluded.compared_at
RETURNING xmin::text::bigint
"""
# The same transaction writes it again, so that xmin stays as it was read.
_SIGN: Final = "UPDATE toolrouter_databasestart SET written_by = %s"


def lock_account() -> None:
    """Let nobody claim, decide or hold before COMMIT."""
    lock_settings(Scope.ACCOUNT, "")


def hold_restored(*, by: By, now: datetime) -> str:
    """Hold the account, expire what people were asked, and let all that is open be looked for.

    What waited or was approved here may have been approved and done after the backup, so nobody
    claims it again: it is ``unknown`` until the provider's own records say. Returns the incident's
    reference. The caller has locked the account.
    """
    incident_ref = open_incident(
        kind=IncidentKind.RESTORE, scope=Scope.ACCOUNT, ref="", by=by, now=now
    )
    expire_all(why=Why.RESTORED, now=now)
    executing = ToolCall.objects.select_for_update(no_key=True).filter(state=CallState.EXECUTING)
    for call in executing.order_by("pk"):
        lose_in_restore(call, now=now)
    return incident_ref


def note_compared(*, head_outside: str, is_shorter: bool, now: datetime) -> None:
    """Write down that this start of the database was compared, and what came of it."""
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [head_outside, is_shorter, now])
        [(transaction_id,)] = cursor.fetchall()
        cursor.execute(_SIGN, [transaction_id])
