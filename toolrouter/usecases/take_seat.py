"""A call comes on a seat: it must name the run that the seat serves."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import connection, transaction

from toolrouter.answers import Answer
from toolrouter.enums import TokenStanding
from toolrouter.floods import DEAD_TOKEN_CALLS_PER_MINUTE
from toolrouter.operations.asking import names_its_run, refuse_wrong_run
from toolrouter.operations.recording import Asked
from toolrouter.queries.credentials import Credential
from toolrouter.queries.seats import SeatPass
from toolrouter.registry import registry
from toolrouter.vocabulary import Code, RunKind

# Counted on the seat itself: a late call of yesterday's run takes nothing from today's.
_COUNT: Final = """
UPDATE toolrouter_seat seat SET refused_minute = minute.began,
  refused = CASE WHEN seat.refused_minute = minute.began THEN seat.refused + 1 ELSE 1 END
FROM (SELECT date_trunc('minute', %s::timestamptz) AS began) minute
WHERE seat.id = %s RETURNING seat.refused
"""


def take_seat(
    seat: SeatPass, run: object, operation: object, arguments: object
) -> Credential | Answer:
    """Return the run that a call on this seat is for, or what is answered in its place.

    Whoever names no run, another one, or any where the seat serves none, is refused in words:
    written down for neither run, the first few of a minute. So is whoever comes with a seat that
    has ended.
    """
    serves = seat.serves
    if serves is not None and run is not None and names_its_run(serves, run):
        return serves
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [seat.now, seat.seat_id])
        [(refused,)] = cursor.fetchall()
    if refused > DEAD_TOKEN_CALLS_PER_MINUTE:
        return Answer.denied(Code.WRONG_RUN, *([Code.REVOKED] if seat.is_ended else []))
    entries = registry()
    asked = Asked(
        credential=serves or _of_no_run(seat),
        run=run,
        operation=operation,
        arguments=arguments,
        entry=entries.find(operation) or entries.of_tool(str(operation)),
    )
    with transaction.atomic(durable=True):
        return refuse_wrong_run(asked, *([Code.REVOKED] if seat.is_ended else []))


def _of_no_run(seat: SeatPass) -> Credential:
    """Return what a call is written down with that belongs to no run."""
    return Credential(
        token_id=0,
        token_ref=seat.seat_ref,
        grant_id=0,
        grant_ref="",
        run_ref="",
        run_code="",
        kind=RunKind.TRIAL,
        project_ref="",
        mode=settings.DEPLOYMENT_MODE,
        trace_ref="",
        standing=TokenStanding.ENDED,
        last_used_at=None,
        now=seat.now,
    )
