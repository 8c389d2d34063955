"""Texts from outside, which can hold what Postgres cannot."""

from __future__ import annotations


def storable(text: str, *, chars_max: int) -> str:
    """Return what of ``text`` can be stored: no NUL, no half of a character, cut to length."""
    whole = text.replace("\0", "").encode(errors="ignore").decode()
    return whole.strip()[:chars_max].rstrip()
