"""Digests of columns that Python and Postgres make alike, to hold a row and its entry together.

``digest`` and DIGEST_SQL hash a list of values as Postgres prints it as ``jsonb``. Nothing here
needs Django: apps say what is compared before there are models.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

_encode: Final = json.JSONEncoder(ensure_ascii=False).encode
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Of a list of expressions, as ``digest`` makes it.
DIGEST_SQL: Final = "encode(sha256(convert_to(jsonb_build_array({})::text, 'UTF8')), 'hex')"
# Of a time, as ``micros`` says it.
MICROS_SQL: Final = "(extract(epoch FROM {}) * 1000000)::bigint"
# Of the columns of somebody's words and of their salt, as ``kernel.append_only.salted_digest``.
SALTED_SQL: Final = "encode(sha256(convert_to(concat({salt}, chr(31), {words}), 'UTF8')), 'hex')"


def digest(*values: object) -> str:
    """Return the SHA-256 (hex) of ``values``. Raises TypeError as ``jsonb_text`` does."""
    return hashlib.sha256(jsonb_text(list(values)).encode()).hexdigest()


def jsonb_text(value: object) -> str:
    """Write texts, whole numbers, true, false, null, lists and objects as a ``jsonb`` is printed.

    Raises TypeError for anything else: not everybody writes a float in the same way.
    """
    return _encode(_ordered(value))


def micros(moment: datetime | None) -> int | None:
    """Return the microseconds from 1970 to ``moment``."""
    return None if moment is None else (moment - _EPOCH) // timedelta(microseconds=1)


def _ordered(value: object) -> object:
    if isinstance(value, Mapping):
        names = sorted(value, key=lambda name: (len(name.encode()), name.encode()))
        return {name: _ordered(value[name]) for name in names}
    if isinstance(value, list | tuple):
        return [_ordered(each) for each in value]
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"a {type(value).__name__} is not written as jsonb")
