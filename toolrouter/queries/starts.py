"""Whether the database, as it is since its last start, was compared with what is kept outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

_KNOWN: Final = """
SELECT server_started_at = pg_postmaster_start_time(), written_by = xmin::text::bigint,
  is_shorter, compared_at
FROM toolrouter_databasestart
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownStart:
    """What the last comparison says of the database as it is now.

    ``is_reloaded``: the row of that comparison was loaded from a backup, and all others with it.
    """

    is_compared: bool  # since this start
    is_reloaded: bool
    is_shorter: bool  # and was held for it
    compared_at: datetime | None


def known_start() -> KnownStart:
    """Return what is known of this start. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN)
        row = cursor.fetchone()
    if row is None:
        return KnownStart(is_compared=False, is_reloaded=False, is_shorter=False, compared_at=None)
    is_this_start, is_as_written, is_shorter, compared_at = row
    return KnownStart(
        is_compared=is_this_start and is_as_written,
        is_reloaded=not is_as_written,
        is_shorter=is_shorter,
        compared_at=compared_at,
    )
