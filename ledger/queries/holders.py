"""Who holds what the sealer needs: nothing is sealed until they let go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from ledger.models import SEALER_LOCK

# What a session of another role is doing, and since when, is told to superusers only.
_HOLDERS: Final = """
SELECT DISTINCT ON (session.pid) session.pid, session.usename, session.application_name,
  coalesce(session.xact_start, session.state_change)
FROM pg_locks held JOIN pg_stat_activity session USING (pid)
WHERE held.granted AND session.pid <> pg_backend_pid()
  AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (held.locktype = 'advisory' AND (held.classid, held.objid, held.objsubid) = (0, %s, 1)
    OR held.locktype = 'relation' AND held.mode <> 'AccessShareLock' AND held.relation IN (
      'ledger_unsealedentry'::regclass, 'ledger_sealedentry'::regclass,
      'ledger_seal'::regclass, 'ledger_balance'::regclass))
  AND coalesce(session.xact_start, session.state_change, '-infinity')
    <= now() - %s * interval '1 second'
ORDER BY session.pid
"""


@dataclass(frozen=True, slots=True)
class Holder:
    """A session of the database that holds locks on what the sealer writes, or the sealer's own."""

    pid: int
    role: str
    program: str
    since: datetime | None  # None: it belongs to another role, and we are not told

    def __str__(self) -> str:
        since = f" since {self.since:%H:%M:%S} UTC" if self.since else ""
        program = f" ({self.program})" if self.program else ""
        return f"session {self.pid} of {self.role}{program}{since}"


def sealer_held_up_by(*, for_at_least: timedelta = timedelta(0)) -> list[Holder]:
    """Return the sessions that hold what the sealer needs; a sealer at work is one of them."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLDERS, [SEALER_LOCK, for_at_least.total_seconds()])
        return [Holder(*row) for row in cursor.fetchall()]
