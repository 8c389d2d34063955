"""What an agent is given to read: text that cannot pass for anything but text.

A runtime tells its model to obey certain markers, and a model was trained on others; whoever writes
them into a form or a page would speak with the voice of the user. Here they become plain words. All
else stays as it was written, figures and quotes too, so that what is quoted can be found again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from kernel.lookalikes import skeleton

MARKS_MAX: Final = 8  # on one letter, as where texts are shown (kernel.shown_text)
MARKER_REMOVED: Final = "(marker removed)"


class Finding(StrEnum):
    """What was found in a text and made harmless."""

    HIDDEN = "hidden_characters"
    MARKER = "out_of_band_marker"
    ROLE = "role_marker"
    TOOLS = "tool_markup"


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A text as an agent may read it, and what was found in it, each once, in a fixed order."""

    text: str
    codes: tuple[Finding, ...]


def clean(text: str) -> Cleaned:
    """Return ``text`` without what speaks to a model or its runtime behind the reader's back.

    What is left is NFC with ``\\n`` at the end of a line and each character of it can be shown to
    people (kernel.shown_text). To clean it again changes nothing. It takes time in proportion to
    its length, whatever it says.
    """
    lines = _LINE_END.sub("\n", text.replace("\t", " "))
    seen = _HIDDEN.sub("", lines)
    if _MAY_BE_PILED.search(seen):
        seen = _piled().sub(r"\1", seen)
    codes = [Finding.HIDDEN] if len(seen) < len(lines) else []
    plain = "\n" + unicodedata.normalize("NFC", seen)  # what begins a line begins behind its end
    read = skeleton(plain)
    for finding, markup, harmless in _RULES:
        if spans := [found.span() for found in markup.finditer(read)]:
            codes.append(finding)
            plain = _replaced(plain, spans, harmless)
            read = skeleton(plain)
    return Cleaned(text=plain[1:], codes=tuple(dict.fromkeys(codes)))


def _replaced(text: str, spans: list[tuple[int, int]], by: Callable[[str], str]) -> str:
    parts, at = [], 0
    for start, end in spans:
        parts += [text[at:start], by(text[start:end])]
        at = end
    return "".join([*parts, text[at:]])


# --- Characters that nobody sees ------------------------------------------------------------------

# Controls, formats, private use, halves of characters, what is no character, and Unicode's
# Default_Ignorable_Code_Point; tests/kernel/test_given_text.py holds the list to the tables.
_HIDDEN: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890"
    "\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u2800\u3164\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U000f0000-\U0010ffff"
    + "".join(f"{chr(last - 1)}{chr(last)}" for last in range(0x1FFFF, 0xF0000, 0x10000))
    + "]"
)
_LINE_END: Final = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_MAY_BE_PILED: Final = re.compile(rf"[^\w\s\x00-\x7f]{{{MARKS_MAX + 1}}}")


@cache
def _piled() -> re.Pattern[str]:
    """Return what finds marks piled on one letter: slow to put in order, and drawn over others."""
    marks = [
        code for code in range(0x300, 0x1F000) if unicodedata.category(chr(code)) in ("Mn", "Me")
    ]
    known = set(marks)
    starts = [code for code in marks if code - 1 not in known]
    ends = [code for code in marks if code + 1 not in known]
    of_marks = "".join(f"{chr(a)}-{chr(z)}" for a, z in zip(starts, ends, strict=True))
    return re.compile(f"([{of_marks}]{{{MARKS_MAX}}})[{of_marks}]+")


# --- What speaks to a model -----------------------------------------------------------------------


def _spaced(words: str) -> str:
    """Return a pattern of words whose letters may be spaced out, over lines too."""
    gap = r"[\W_]*"
    letters = {"a": "[a4@]", "e": "[e3]", "i": "[i1l]", "l": "[i1l]", "o": "[o0]", "s": "[s5]"}
    options = [
        gap.join(letters.get(letter, letter) for letter in word.replace(" ", ""))
        for word in words.split("|")
    ]
    return f"(?:{'|'.join(options)})"


# Each begins with few characters, so that what is not there is passed over quickly.
_WHO: Final = "direct|user|system|operator|owner|admin|developer|human|assistant"
_MARKERS: Final = (
    _spaced("out of band")
    + rf"(?:[\W_]*{_spaced(_WHO)}){{0,4}}[\W_]*"
    + _spaced("message|instruction|directive|command"),
    _spaced("direct message from the user") + rf"(?:[\W_]*{_spaced('delivered mid turn')})?",
)
_WHOSE: Final = (
    r"(?:system|assistant|developer|user|human|tool|function)"
    r"(?:[ _-](?:prompt|message|instructions?|turn))?"
)
_ROLES: Final = (
    rf"\n[ >*#_`\"'-]{{0,12}}{_WHOSE}[ *_`\"']{{0,6}}:",
    rf"[\[({{] ?{_WHOSE} ?[:\])}}]",
    rf"<(?:[ /|]{{0,3}}{_WHOSE}\b[^<>]{{0,200}}|\|[^<>|\n]{{1,60}}\||</?sys>|/?s|bos|eos"
    r"|(?:start|end)_of_turn)>",
    r"\[/?inst\]",
)
_TOOLS: Final = (
    r"<[ /|]{0,3}(?:[a-z]{1,20}:)?(?:"
    r"(?:untrusted[\W_]?)?(?:tool|function)[\W_]?(?:call|use|response|result|output|name)s?"
    r"|tools|functions?(?:=[^<>]{0,60})?|invoke|parameters?"
    r"|think(?:ing)?|reasoning|scratchpad|system[\W_]reminder|memory[\W_]context"
    r")\b[^<>]{0,200}>",
    r"\[/?(?:tool_calls?|tool_results?|available_tools)\]",
)
_AS_WORDS: Final = {"<": "‹", ">": "›", "[": "(", "]": ")", "{": "(", "}": ")", ":": "\N{RATIO}"}


def _as_words(markup: str) -> str:
    """Return markup as something that only looks like it."""
    signs = zip(markup, skeleton(markup), strict=True)
    return "".join(_AS_WORDS.get(sign, char) for char, sign in signs)


_RULES: Final[tuple[tuple[Finding, re.Pattern[str], Callable[[str], str]], ...]] = (
    *((Finding.MARKER, re.compile(each), lambda _: MARKER_REMOVED) for each in _MARKERS),
    *((Finding.ROLE, re.compile(each), _as_words) for each in _ROLES),
    *((Finding.TOOLS, re.compile(each), _as_words) for each in _TOOLS),
)


def clean_within(answer: Mapping[str, object]) -> dict[str, object]:
    """Return a JSON object with each text in it cleaned; names of fields are ours and stay."""
    return {name: _cleaned(value) for name, value in answer.items()}


def _cleaned(value: object) -> object:
    if isinstance(value, str):
        return clean(value).text
    if isinstance(value, Mapping):
        return clean_within(value)
    if isinstance(value, list | tuple):
        return [_cleaned(each) for each in value]
    return value
