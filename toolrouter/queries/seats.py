"""Whom a seat's token lets in, and how the seats stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from toolrouter.enums import TokenStanding
from toolrouter.planning import token_sha256
from toolrouter.queries.credentials import Credential
from toolrouter.vocabulary import RunKind


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatPass:
    """A seat, as its token names it, and the run that it is bound to, if it is to one.

    ``serves`` is not open where that run is stopped, or where the seat was closed to it.
    """

    seat_id: int
    seat_ref: str
    is_ended: bool
    serves: Credential | None
    listed_at: datetime | None
    last_used_at: datetime | None
    now: datetime  # the database's clock, by which all of it holds


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatRow:
    """A seat as pages show it, and what it does now."""

    reference: str
    lane: str
    made_at: datetime
    listed_at: datetime | None
    last_used_at: datetime | None
    run_ref: str  # that it serves, or served and is not free of
    run_code: str
    is_waiting: bool  # for the word that its old run is over

    @property
    def is_ready(self) -> bool:
        """Say whether its holder has listed our tools since the seat was made."""
        return self.listed_at is not None


_FIND: Final = """
SELECT seat.id, seat.reference, seat.ended_at IS NOT NULL, seat.listed_at, seat.last_used_at,
  statement_timestamp(), held.id, held.reference, held.run_ref, held.run_code, held.kind,
  held.project_ref, held.mode, held.trace_ref,
  CASE WHEN held.ended_at IS NOT NULL THEN 'ended'
    WHEN held.expires_at <= statement_timestamp() THEN 'expired'
    WHEN coalesce(account.stopped_at, project.stopped_at, held.stopped_at) IS NOT NULL
      THEN 'stopped'
    WHEN bound.closed_at IS NOT NULL THEN 'revoked'
    ELSE 'open' END
FROM toolrouter_seat seat
LEFT JOIN toolrouter_seatbinding bound
  ON bound.seat_id = seat.id AND bound.freed_at IS NULL AND seat.ended_at IS NULL
LEFT JOIN toolrouter_grant held ON held.id = bound.grant_id
LEFT JOIN toolrouter_projectsettings project ON project.project_ref = held.project_ref
CROSS JOIN toolrouter_safetysettings account
WHERE seat.token_sha256 = %s
"""
_ALL: Final = """
SELECT seat.reference, seat.lane, seat.made_at, seat.listed_at, seat.last_used_at,
  coalesce(held.run_ref, ''), coalesce(held.run_code, ''), bound.closed_at IS NOT NULL
FROM toolrouter_seat seat
LEFT JOIN toolrouter_seatbinding bound ON bound.seat_id = seat.id AND bound.freed_at IS NULL
LEFT JOIN toolrouter_grant held ON held.id = bound.grant_id
WHERE seat.ended_at IS NULL ORDER BY length(seat.lane), seat.lane
"""


def seat_of(token: str) -> SeatPass | None:
    """Return the seat that ``token`` is, by the database's clock; None where nobody has it.

    One statement. Doors call ``usecases.authenticate``, which also notes the use.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [token_sha256(token)])
        row = cursor.fetchone()
    if row is None:
        return None
    seat_id, seat_ref, is_ended, listed_at, last_used_at, now, *grant = row
    return SeatPass(
        seat_id=seat_id,
        seat_ref=seat_ref,
        is_ended=is_ended,
        serves=None if grant[0] is None else _credential(seat_ref, grant, now=now),
        listed_at=listed_at,
        last_used_at=last_used_at,
        now=now,
    )


def _credential(seat_ref: str, grant: list[object], *, now: datetime) -> Credential:
    names = ("grant_id", "grant_ref", "run_ref", "run_code", "kind", "project_ref", "mode")
    found: Mapping[str, object] = dict(zip((*names, "trace_ref", "standing"), grant, strict=True))
    return Credential(
        token_id=0,
        token_ref=seat_ref,
        grant_id=int(str(found["grant_id"])),
        grant_ref=str(found["grant_ref"]),
        run_ref=str(found["run_ref"]),
        run_code=str(found["run_code"]),
        kind=RunKind(str(found["kind"])),
        project_ref=str(found["project_ref"]),
        mode=str(found["mode"]),
        trace_ref=str(found["trace_ref"]),
        standing=TokenStanding(str(found["standing"])),
        last_used_at=None,
        now=now,
    )


def seats_now() -> list[SeatRow]:
    """Return the seats that let anybody in, in the order of their lanes. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_ALL)
        rows = cursor.fetchall()
    return [
        SeatRow(
            reference=reference,
            lane=lane,
            made_at=made_at,
            listed_at=listed_at,
            last_used_at=last_used_at,
            run_ref=run_ref,
            run_code=run_code,
            is_waiting=is_waiting,
        )
        for reference, lane, made_at, listed_at, last_used_at, run_ref, run_code, is_waiting in rows
    ]
