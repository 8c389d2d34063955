"""What a text must be before a person is asked to decide by it.

Elsewhere what cannot be read is taken out (``kernel.texts``). Here nothing is mended: what is shown
and what runs must be the same characters, so a text with a fault is refused whole.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Final

import idna

DOMAIN_CHARS_MAX: Final = 253  # RFC 1035, 3.1, as it is written
BLANKS_MAX: Final = 3  # in a row; more push what follows out of sight
LINE_ENDS_MAX: Final = 2  # in a row: one empty line
MARKS_MAX: Final = 8  # on one letter; more are drawn over the lines around it


class Fault(StrEnum):
    """Why a text cannot be shown as it is, the gravest first."""

    HALF_CHARACTER = "half_character"
    UNSEEN = "unseen"
    NOT_NFC = "not_nfc"
    PADDED = "padded"
    EMPTY = "empty"
    TOO_LONG = "too_long"


# Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt), whose list includes places
# that are kept free for more of them, and the braille cell without a dot, which draws nothing.
_IGNORED: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Controls, formats, private use (whose picture each font chooses), ends of lines and paragraphs.
_UNSEEN_KINDS: Final = frozenset({"Cc", "Cf", "Co", "Zl", "Zp"})
_NO_CHARACTER: Final = re.compile(
    "[\ufdd0-\ufdef" + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in
    range(0, 0x110000, 0x10000)) + "]"
)  # fmt: skip
_BLANK: Final = r"[^\S\n]"
_PADDING: Final = re.compile(
    rf"^\s|\s$|{_BLANK}{{{BLANKS_MAX + 1}}}|(?:{_BLANK}*\n){{{LINE_ENDS_MAX + 1}}}"
)
_DOMAIN: Final = re.compile(
    r"\A(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?=[0-9-]*[a-z])[a-z0-9-]+"
)
_MACHINE: Final = re.compile(r"[!-~]+")


def fault_of(text: str, *, chars_max: int, is_one_line: bool = True) -> Fault | None:
    """Return the gravest fault of ``text``, or None where it can be shown as it is.

    It must be NFC, have from one to ``chars_max`` characters that everybody sees in the order in
    which they stand, and no padding. A line break is one ``\\n``, and none stands in one line.
    """
    checks = (
        (Fault.HALF_CHARACTER, any("\ud800" <= char <= "\udfff" for char in text)),
        (Fault.UNSEEN, not _is_seen(text, is_one_line=is_one_line)),
        (Fault.NOT_NFC, not unicodedata.is_normalized("NFC", text)),
        (Fault.PADDED, _PADDING.search(text) is not None),
        (Fault.EMPTY, not text),
        (Fault.TOO_LONG, len(text) > chars_max),
    )
    return next((fault for fault, is_there in checks if is_there), None)


def is_domain(text: str) -> bool:
    """Say whether ``text`` is a web domain as machines spell it: lower case, its labels ASCII.

    A label of another script is its A-label (``xn--…``), which IDNA 2008 reads back and forth; so
    two domains that look the same are never the same text.
    """
    if len(text) > DOMAIN_CHARS_MAX or not _DOMAIN.fullmatch(text):
        return False
    try:
        return all(_is_label(label) for label in text.split("."))
    except (idna.IDNAError, UnicodeError):
        return False


def is_machine_text(text: str, *, chars_max: int, pattern: re.Pattern[str] = _MACHINE) -> bool:
    """Say whether ``text`` is what a machine compares: visible ASCII, whole within ``pattern``."""
    is_ascii = len(text) <= chars_max and bool(_MACHINE.fullmatch(text))
    return is_ascii and bool(pattern.fullmatch(text))


def _is_seen(text: str, *, is_one_line: bool) -> bool:
    read = text if is_one_line else text.replace("\n", "")
    if _IGNORED.search(read) or _NO_CHARACTER.search(read):
        return False
    marks = 0
    for char in read:
        kind = unicodedata.category(char)
        marks = marks + 1 if kind in ("Mn", "Me") else 0
        if kind in _UNSEEN_KINDS or marks > MARKS_MAX:
            return False
    return True


def _is_label(label: str) -> bool:
    if label.startswith("xn--"):
        return idna.encode(idna.decode(label)).decode() == label
    return label[2:4] != "--"  # kept for encodings to come (RFC 5891, 4.2.3.1)
