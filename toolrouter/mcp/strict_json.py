"""JSON that can be read in one way only (RFC 8259 where it says "should", I-JSON of RFC 7493).

The SDK's own reader takes duplicate keys, NaN, 1e400 and lone surrogates. An amount that two
readers read differently is how one sum is shown and another one paid.
"""

from __future__ import annotations

import json
import math
from typing import Final

DEPTH_MAX: Final = 32

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class NotStrict(ValueError):
    """The body is no JSON, or could be read in more than one way. Says which, never the words."""


def read(body: bytes) -> Json:
    """Return what ``body`` says. Raises NotStrict.

    Refused: anything but UTF-8 without a byte order mark, a name twice in one object, NaN and
    infinities however they are written, half of a surrogate pair, more than DEPTH_MAX levels.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise NotStrict("it is not UTF-8") from None
    try:
        found: Json = json.loads(
            text,
            object_pairs_hook=_without_doubles,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except NotStrict:
        raise
    except RecursionError:
        raise NotStrict("it is too deep") from None
    except ValueError:  # also an integer of more digits than Python reads
        raise NotStrict("it is not JSON") from None
    _look_inside(found)
    return found


def _without_doubles(pairs: list[tuple[str, Json]]) -> Json:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise NotStrict("an object has a name twice")
    return made


def _no_constant(_name: str) -> float:
    raise NotStrict("it holds a number that JSON does not have")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise NotStrict("it holds a number that is too large")
    return number


def _look_inside(found: Json) -> None:
    """Raise NotStrict for what only shows once all is read: depth, halves of surrogate pairs."""
    level, depth = [found], 0
    while level:
        if depth > DEPTH_MAX:
            raise NotStrict("it is too deep")
        inside: list[Json] = []
        for each in level:
            if isinstance(each, str):
                _require_whole(each)
            elif isinstance(each, dict):
                for name in each:
                    _require_whole(name)
                inside.extend(each.values())
            elif isinstance(each, list):
                inside.extend(each)
        level, depth = inside, depth + 1


def _require_whole(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise NotStrict("it holds half of a surrogate pair") from None
