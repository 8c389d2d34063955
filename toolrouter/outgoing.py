"""What is told to an agent: short enough, without addresses, and without words that command it.

Texts of strangers go through here. An agent's runtime may tell its model to obey what stands
behind a marker; nobody but the runtime itself may write one.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from kernel.texts import readable

# Below the 50,000 characters beyond which a runtime may cut a result where it likes.
CHARS_MAX: Final = 48_000

_BETWEEN: Final = r"[\W_]*"
_LABEL: Final = r"[\w-]{1,63}"
_DOT: Final = "[.。]"  # the ideographic one parts labels too (RFC 3490, 3.1); others fold into "."
# Where nothing but an address fits there are no blanks, and a name of one label will do.
_MAIL: Final = (
    rf"[\w.%+'-]+(?:(?:@{_LABEL}(?:{_DOT}{_LABEL})*)+|@\[[^\]\s]{{1,60}}\]"
    rf"|\s{{0,3}}@\s{{0,3}}{_LABEL}(?:\s{{0,2}}{_DOT}\s{{0,2}}{_LABEL})+)"
)
# A day, or years from one to another: research is full of them, and they are nobody's.
_DATE: Final = r"(?:19|20)\d\d(?:-\d\d-\d\d|\s?[-/]\s?(?:19|20)\d\d)(?![\w-])"
# What is never told, and what stands there instead. Strangers choose these texts, so each pattern
# is tried once for each run of characters. Rather a number too many than an address too few: an
# agent names a contact by its reference.
_NEVER_TOLD: Final = (
    (
        re.compile(_BETWEEN.join(["out", "of", "band", "user", "message"]), re.IGNORECASE),
        "[removed]",
    ),
    (
        re.compile(rf"(?<![\w.%+'-]){_MAIL}(?:[\s,;]{{1,3}}{_MAIL})*"),
        "[e-mail address]",
    ),
    (
        re.compile(rf"(?<![\w.,-])(?!{_DATE})(?:\+|\()?\d(?:[\s./()-]{{0,3}}\d){{6,16}}(?![\w-])"),
        "[telephone number]",
    ),
)


class TooLong(ValueError):
    """An operation answers more than an agent may be sent. The operation must say less."""


def outgoing(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``result`` as an agent gets it. Raises TooLong.

    Names are ours and stay; in each text, however deep, what nobody sees is taken out, and what
    is never told is replaced.
    """
    told = {name: _told(value) for name, value in result.items()}
    if len(json.dumps(told, ensure_ascii=True)) > CHARS_MAX:
        raise TooLong(f"more than {CHARS_MAX} characters")
    return told


def _told(value: object) -> object:
    if isinstance(value, str):
        return _harmless(value)
    if isinstance(value, Mapping):
        return {name: _told(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_told(each) for each in value]
    return value


def _harmless(text: str) -> str:
    """Return ``text`` without what is never told, also where its letters only look so."""
    seen = readable(text)
    folded = unicodedata.normalize("NFKC", seen)
    for pattern, instead in _NEVER_TOLD:
        if pattern.search(folded):
            seen = folded = pattern.sub(instead, folded)
    return seen
