"""How many calls a run makes: counted in rows, each by one statement that waits for nobody else."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import connection

from toolrouter.floods import Counts, Limits, is_too_many

# Its COMMIT does not wait for the disk: what a crash takes is a count of this minute.
_COUNT: Final = """
INSERT INTO toolrouter_callcount AS counted (grant_id, minute, calls, proposals)
SELECT %s, date_trunc('minute', %s::timestamptz), 1, %s
FROM set_config('synchronous_commit', 'off', true)
ON CONFLICT (grant_id, minute) DO UPDATE
SET calls = counted.calls + 1, proposals = counted.proposals + EXCLUDED.proposals
RETURNING calls, proposals
"""


def wait_s(*, grant_id: int, needs_person: bool, now: datetime) -> int | None:
    """Count one call of a run; return in how many seconds to ask again where it is one too many.

    None where it may go on. Called outside of a transaction: what is refused is counted too, and
    no call of a run waits here for the end of another.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [grant_id, now, 1 if needs_person else 0])
        calls, proposals = cursor.fetchone()
    limits = Limits(
        calls_per_minute=settings.RUN_CALLS_PER_MINUTE_MAX,
        proposals_per_minute=settings.RUN_PROPOSALS_PER_MINUTE_MAX,
        waiting=settings.RUN_WAITING_MAX,
    )
    counts = Counts(calls=calls, proposals=proposals, waiting=0)
    return 60 - now.second if is_too_many(counts, limits, needs_person=needs_person) else None
