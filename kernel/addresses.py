"""Ids from outside as one segment of an address, whatever characters they hold."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from django.urls import register_converter

FOREIGN_ID: Final = "foreign_id"  # what a route writes: <foreign_id:stripe_id>
PLAIN: Final = re.compile(r"[A-Za-z0-9_-]+")
ENCODED: Final = "~"


class ForeignId:
    """An id of somebody else's: plain ones as they are, others as ``~`` and base64url of UTF-8.

    A slash, a dot or a space means something to servers and browsers, percent-encoded or not, so
    an id that holds any would lead elsewhere or nowhere. Each id has one address only.
    """

    regex = rf"{PLAIN.pattern}|{ENCODED}[A-Za-z0-9_-]+"

    def to_python(self, segment: str) -> str:
        """Return the id. Raises ValueError (a 404) for what ``to_url`` would not have written."""
        if not segment.startswith(ENCODED):
            return segment
        packed = segment.removeprefix(ENCODED)
        found = urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode()
        if self.to_url(found) != segment:
            raise ValueError(segment)
        return found

    def to_url(self, value: str) -> str:
        """Return the segment that stands for an id."""
        if PLAIN.fullmatch(value):
            return value
        return ENCODED + urlsafe_b64encode(value.encode()).decode().rstrip("=")


register_converter(ForeignId, FOREIGN_ID)
