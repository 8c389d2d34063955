"""Texts from outside: what can be stored, and what reads as it was written."""

from __future__ import annotations

import re
from typing import Any, Final

from django import forms

# Control characters (forms refuse NUL by themselves), and what turns the rest of a line around or
# hides in it. The joiners of emoji and of Persian (U+200C, U+200D) stay.
UNREADABLE: Final = re.compile(
    "[\x01-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)


def storable(text: str, *, chars_max: int) -> str:
    """Return what of ``text`` can be stored: no NUL, no half of a character, cut to length."""
    whole = text.replace("\0", "").encode(errors="ignore").decode()
    return whole.strip()[:chars_max].rstrip()


def readable(text: str) -> str:
    """Return ``text`` without characters that nobody sees and that make it read as another."""
    return UNREADABLE.sub("", text)


def one_line(text: str) -> str:
    """Return ``text`` readable and in one line: nothing of it begins a line of a mail or a log."""
    return " ".join(readable(text).split())


class WordsField(forms.CharField):
    """What a member of the team types for others to read."""

    def to_python(self, value: Any) -> Any:
        """Read it; what is left when it can be read is what counts as typed."""
        text = super().to_python(value)
        return readable(text).strip() if isinstance(text, str) else text


class LineField(WordsField):
    """The same in one line: a name or a title, which goes into subjects and lines of mails."""

    def to_python(self, value: Any) -> Any:
        """Read it; a line break that was sent all the same is a space."""
        text = super().to_python(value)
        return one_line(text) if isinstance(text, str) else text
