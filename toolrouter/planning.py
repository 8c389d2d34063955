"""Codes of runs and secrets of tokens. Pure: nothing here looks anything up."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from kernel.references import ALPHABET

TOKEN_PREFIX: Final = "trt_"  # noqa: S105  # what a token begins with
SEAT_PREFIX: Final = f"{TOKEN_PREFIX}seat_"
LANE_CHARS_MAX, LANES_MAX = 6, 16
TOKEN_LASTS_AT_MOST: Final = timedelta(hours=8)
USE_NOTED_EVERY: Final = timedelta(minutes=1)
WORDS_CHARS_MAX: Final = 20_000  # of what was asked that are kept; its digest is of all of them
CODE_CHARS, CODE_CHARS_MAX, CODES_OF_A_LENGTH = 4, 8, 3


def new_token() -> str:
    """Return a fresh secret: 256 random bits behind ``trt_``."""
    return f"{TOKEN_PREFIX}{secrets.token_urlsafe(32)}"


def new_seat_token() -> str:
    """Return a fresh secret of a seat, told apart from a run's by how it begins."""
    return f"{SEAT_PREFIX}{secrets.token_urlsafe(32)}"


def lane_name(number: int) -> str:
    """Return what the lane of that number, from 1 on, is called."""
    return f"lane{number}"


def token_sha256(token: str) -> str:
    """Return what is kept of a token. It has 256 random bits: no salt makes it safer."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def token_expires_at(*, now: datetime, lasts: timedelta, grant_expires_at: datetime) -> datetime:
    """Return when a token ends that is made ``now``: with its run at the latest."""
    return min(now + min(lasts, TOKEN_LASTS_AT_MOST), grant_expires_at)


def new_codes() -> Iterator[str]:
    """Yield codes to call a run by, until one is free: short ones first, longer ones in the end."""
    for chars in range(CODE_CHARS, CODE_CHARS_MAX + 1):
        for _ in range(CODES_OF_A_LENGTH):
            yield "".join(secrets.choice(ALPHABET) for _ in range(chars)).upper()
