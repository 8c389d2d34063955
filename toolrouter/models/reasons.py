"""Why somebody did something: words that an erasure can blank, and the digest that stays."""

from __future__ import annotations

from typing import Any, Final

from kernel.append_only import new_salt, salted_digest

REASON_CHARS_MAX: Final = 500


def reason_columns(words: str, *, named: str = "reason") -> dict[str, Any]:
    """Return the values of the columns ``reason``, ``reason_salt`` and ``reason_digest``."""
    salt = new_salt()
    return {
        named: words,
        f"{named}_salt": salt,
        f"{named}_digest": salted_digest(words, salt=salt),
    }
