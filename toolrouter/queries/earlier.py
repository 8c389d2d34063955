"""What earlier calls say about a new one: refused lately, done already, too many that wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection

from kernel.row_digests import SALTED_SQL
from toolrouter.enums import CallState
from toolrouter.models.calls import OPEN
from toolrouter.ports import AnyOperation, Arguments, Repeats
from toolrouter.queries.credentials import Credential
from toolrouter.queries.payees import payee_of
from toolrouter.timing import REFUSED_LATELY
from toolrouter.vocabulary import Code

LOOKED_AT_MAX: Final = 100  # of the newest calls about the same record, or refused within an hour

_DONE: Final = [*OPEN, CallState.DONE]  # while it is one of these, the same is not done again
_ENDED: Final = [CallState.DENIED, CallState.FAILED]
_WORDS: Final = SALTED_SQL.format(salt="asked_salt", words="%(words)s::text")
_SAME: Final = f"""
  (SELECT id FROM (
      SELECT id, asked_salt, asked_digest FROM toolrouter_toolcall
      WHERE grant_id = %(grant)s AND operation = %(operation)s AND subject_ref = %(subject)s
        AND state = ANY(%({{states}})s)
      ORDER BY id DESC LIMIT {LOOKED_AT_MAX}) same
    WHERE %(words)s::text IS NULL OR asked_salt <> '' AND asked_digest = {_WORDS}
    ORDER BY id DESC LIMIT 1)
"""  # noqa: S608  # constants only
_EARLIER: Final = f"""
SELECT
  (SELECT count(*) FROM toolrouter_toolcall
    WHERE grant_id = %(grant)s AND state = 'needs_approval'),
  {_SAME.format(states="done")}, {_SAME.format(states="ended")},
  ARRAY(SELECT asked FROM toolrouter_toolcall
    WHERE operation = %(operation)s AND subject_ref = %(subject)s AND state = 'denied'
      AND codes @> ARRAY[%(refused)s]::varchar[] AND closed_at > %(since)s
      AND (%(project)s::text IS NULL OR project_ref = %(project)s)
    ORDER BY closed_at DESC LIMIT {LOOKED_AT_MAX})
"""  # noqa: S608  # constants only


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What was found. ``done_id`` and ``ended_id`` are the newest calls of the run for the same.

    The one did it, does it, or waits; the other was denied or failed.
    """

    is_recently_refused: bool = False
    done_id: int | None = None
    ended_id: int | None = None
    waiting: int = 0  # requests of the run that wait for people


def earlier_calls(
    entry: AnyOperation,
    arguments: Arguments | None,
    subject_ref: str,
    *,
    words: str,
    credential: Credential,
) -> Earlier:
    """Return what earlier calls say about one that is asked for in these ``words``. One statement.

    Recently refused is what a person refused less than an hour ago: about the same record; of what
    is about no record, for the same payee in the same project. Whoever wants the rest to stay so
    holds the calls of the run.
    """
    payee = entry.payee(arguments) if entry.payee and arguments and not subject_ref else None
    with connection.cursor() as cursor:
        cursor.execute(
            _EARLIER,
            {
                "grant": credential.grant_id,
                "operation": entry.stored_name,
                "subject": subject_ref,
                "done": _DONE if entry.repeats != Repeats.FREELY else [],
                "ended": _ENDED if entry.repeats != Repeats.FREELY else [],
                "words": None if entry.repeats == Repeats.SAME_SUBJECT_ONCE else words,
                "refused": str(Code.REFUSED),
                "since": credential.now - REFUSED_LATELY,
                "project": None if payee is None else credential.project_ref,
            },
        )
        [(waiting, done_id, ended_id, refused)] = cursor.fetchall()
    return Earlier(
        is_recently_refused=_is_among(entry, payee, refused),
        done_id=done_id,
        ended_id=ended_id,
        waiting=waiting,
    )


def _is_among(entry: AnyOperation, payee: str | None, refused: Sequence[str]) -> bool:
    if payee is None:
        return bool(refused)
    return payee in (payee_of(entry, asked) for asked in refused)
