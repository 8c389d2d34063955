"""JSON from outside, no deeper than whoever reads it later can go."""

from __future__ import annotations

import json
import re
from array import array
from itertools import accumulate
from typing import Any, Final

# Ten times as deep as anything of Stripe's. Python reads and writes nested JSON by recursion, in a
# thread whose stack may stand high already.
DEPTH_MAX: Final = 100
_TEXTS: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)  # never fails, never goes back
_OTHERS: Final = bytes(set(range(256)) - set(b"[]{}"))
_STEPS: Final = bytes.maketrans(b"[{]}", bytes([1, 1, 255, 255]))  # 255 is -1 as a signed byte


def parsed(body: bytes) -> Any:
    """Return the JSON in ``body``. Raises ValueError for anything else, and for more than
    DEPTH_MAX levels; never RecursionError.

    In UTF-8 alone (RFC 8259, 8.1): Python guesses others, whose bytes hide levels and addresses.
    """
    text = body.decode()
    if body.count(b"[") + body.count(b"{") > DEPTH_MAX and _depth(body) > DEPTH_MAX:
        raise ValueError(f"JSON of more than {DEPTH_MAX} levels")
    return json.loads(text)


def _depth(body: bytes) -> int:
    steps = _TEXTS.sub(b"", body).translate(_STEPS, _OTHERS)
    return max(accumulate(array("b", steps)), default=0)
