"""Public references: ``ord_`` and 26 characters, time-ordered, with an unguessable tail."""

from __future__ import annotations

import re
import secrets
import time

# Crockford's base 32, lower case: no i, l, o, u, so it can be read aloud.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
TIME_CHARS, TAIL_CHARS = 10, 16  # 50 bits of milliseconds, 80 random bits
LENGTH_MAX = 5 + TIME_CHARS + TAIL_CHARS + 4

SHAPE = re.compile(r"^[a-z]{3,4}_[0-9a-hjkmnp-tv-z]{26}$")


def _encode(number: int, *, chars: int) -> str:
    return "".join(ALPHABET[(number >> (5 * place)) & 31] for place in reversed(range(chars)))


def new_reference(prefix: str, *, at_ms: int | None = None) -> str:
    """Return a fresh reference such as ``ord_01k9…``.

    The first ten characters order references by time (milliseconds since 1970); the last sixteen
    are 80 random bits, so that knowing one reference tells nothing about another.
    """
    milliseconds = time.time_ns() // 1_000_000 if at_ms is None else at_ms
    return (
        f"{prefix}_{_encode(milliseconds, chars=TIME_CHARS)}"
        f"{_encode(secrets.randbits(5 * TAIL_CHARS), chars=TAIL_CHARS)}"
    )


def is_reference(text: str) -> bool:
    """Say whether ``text`` has the shape of one of our references."""
    return bool(SHAPE.fullmatch(text))  # "$" alone would let a trailing newline pass


def reference_sql(prefix: str, *, at: str, seed: str) -> str:
    """Return an SQL expression that makes a reference in the database, for sample rows in bulk.

    ``at`` is the SQL of a timestamp, which orders it like any other reference; ``seed`` is the SQL
    of a text whose digest is the tail, so that the same row gets the same reference again.
    """
    ms = f"(extract(epoch FROM {at}) * 1000)::bigint"
    chars = [
        f"substr('{ALPHABET}', (({ms} >> {5 * place}) & 31)::int + 1, 1)"
        for place in reversed(range(TIME_CHARS))
    ]
    return f"'{prefix}_' || {' || '.join(chars)} || left(md5({seed}), {TAIL_CHARS})"
