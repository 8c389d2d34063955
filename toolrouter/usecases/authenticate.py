"""A door is shown a token, of a run or of a seat."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from toolrouter.models import RunToken, Seat
from toolrouter.planning import SEAT_PREFIX, USE_NOTED_EVERY
from toolrouter.queries.credentials import Credential, credential_of
from toolrouter.queries.seats import SeatPass, seat_of


def authenticate(token: str) -> Credential | SeatPass | None:
    """Return whom ``token`` lets in, and note that it was used, at most once a minute.

    None where nobody has such a token: the door answers 401. Every other standing than ``open`` is
    answered in words. One statement, and two more when the use is noted.
    """
    if token.startswith(SEAT_PREFIX):
        return _seat(token)
    credential = credential_of(token)
    if credential is None or not credential.is_open:
        return credential
    if _is_worth_noting(credential.last_used_at, credential.now):
        with transaction.atomic(durable=True):
            RunToken.objects.filter(pk=credential.token_id).update(last_used_at=credential.now)
    return credential


def _seat(token: str) -> SeatPass | None:
    seat = seat_of(token)
    if seat is not None and not seat.is_ended and _is_worth_noting(seat.last_used_at, seat.now):
        with transaction.atomic(durable=True):
            Seat.objects.filter(pk=seat.seat_id).update(last_used_at=seat.now)
    return seat


def _is_worth_noting(used: datetime | None, now: datetime) -> bool:
    return used is None or now - used >= USE_NOTED_EVERY
