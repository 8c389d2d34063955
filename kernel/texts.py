"""Texts from outside: what can be stored, and what reads as it was written."""

from __future__ import annotations

import re
from typing import Final

from django import forms

# Control characters (forms refuse NUL by themselves), and what turns the rest of a line around or
# hides in it. Named one by one: what Unicode adds tomorrow is somebody's letter.
_HIDDEN: Final = (
    "\x01-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e007f"
)
# The flag of England is a black flag and six invisible letters; nowhere else are they wanted.
_FLAG: Final = "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,8}\U000e007f"
UNREADABLE: Final = re.compile(f"({_FLAG})|[{_HIDDEN}]")
# The joiners of Persian, of Indian scripts and of emoji stand behind a letter of these; behind any
# of ours they join nothing, and only make one name look like another.
JOINERS: Final = re.compile("[\u200c\u200d]")
_JOINS_NOTHING: Final = re.compile("(?<![\u0250-\u200b\u200e-\U0010ffff])[\u200c\u200d]")
_HALVES: Final = re.compile("[\ud800-\udfff]")


def storable(text: str, *, chars_max: int) -> str:
    """Return what of ``text`` can be stored: no NUL, no half of a character, cut to length."""
    whole = text.replace("\0", "").encode(errors="ignore").decode()
    return whole.strip()[:chars_max].rstrip()


def readable(text: str) -> str:
    """Return ``text`` without characters that nobody sees and that make it read as another."""
    return _JOINS_NOTHING.sub("", UNREADABLE.sub(lambda found: found[1] or "", text))


def one_line(text: str) -> str:
    """Return what of ``text`` can be read and stored, on one line, with single spaces."""
    spaced = " ".join(text.replace("\0", "").split())
    return " ".join(_HALVES.sub("", readable(spaced)).split())


def lines(text: str) -> str:
    """Return what of ``text`` can be read and stored, in its lines; empty ones at the ends go."""
    whole = "\n".join(text.replace("\0", "").replace("\t", " ").splitlines())
    read = _HALVES.sub("", readable(whole))
    return "\n".join(line.rstrip() for line in read.splitlines()).strip()


class WordsField(forms.CharField):
    """What a member of the team types for others to read."""

    def to_python(self, value: object) -> str | None:
        """Read it; what is left when it can be read is what counts as typed."""
        text = super().to_python(value)
        return readable(text).strip() if isinstance(text, str) else text


class LineField(WordsField):
    """The same in one line: a name or a title, which goes into subjects and lines of mails."""

    def to_python(self, value: object) -> str | None:
        """Read it; a line break that was sent all the same is a space."""
        text = super().to_python(value)
        return one_line(text) if isinstance(text, str) else text
