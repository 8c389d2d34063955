"""The figures that a text names, in one spelling: so that a claim is held to what it quotes.

Read narrowly, as English writes numbers; what is written alike is always read alike.

- 1,200 = 1200 = 1200.0 = 1.2k = 1.2 thousand. A comma is a group only before three digits, else a
  decimal comma (3,5); a point is always decimal.
- ``k`` and ``K`` are thousands, ``M`` millions, ``bn`` and ``B`` billions, right behind the
  number; ``thousand``, ``million`` and ``billion`` are words behind it.
- 12% = 12 % = 12 percent = twelve per cent; percentage points are a unit of their own.
- $, US$ and USD are one currency, so are € and EUR, £ and GBP, ¥ and JPY. 12 and $12 differ.
- In a range (10–15 %, $1 to 2 million) a unit or word that only one end has counts for both.
- What is written in another way (1.2.3, 12,34,567, 5x, 3rd, ½) is the same as itself only.
- A digit behind a letter (B2B, Q3) belongs to a name. Small numbers in words count before a unit
  or a scale (ten percent, two million), and nowhere else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

WORDS: Final = {
    word: Decimal(value)
    for word, value in {
        "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
        "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20,
        "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
        "ninety": 90, "hundred": 100,
    }.items()
}  # fmt: skip
SCALES: Final = {
    "k": Decimal(10**3), "K": Decimal(10**3), "M": Decimal(10**6), "bn": Decimal(10**9),
    "B": Decimal(10**9), "thousand": Decimal(10**3), "million": Decimal(10**6),
    "billion": Decimal(10**9),
}  # fmt: skip
_SIGNS: Final = {"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
_CODES: Final = (
    "USD|EUR|GBP|JPY|CHF|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|INR|BRL|MXN|ZAR|SGD|HKD|CNY|KRW|TRY"
)
_NAMES: Final = {"dollars": "USD", "euros": "EUR", "euro": "EUR", "pounds": "GBP"}
PERCENT: Final = "%"
POINTS: Final = "points"

_UNIT_BEHIND: Final = (
    rf"percentage\ points?|percent|per\ cent|%|dollars|euros?|pounds|[€£$](?!\d)|(?:{_CODES})\b"
)
_FIGURE: Final = re.compile(
    rf"""(?=[-−]?[A-Za-z\d.]|[$€£¥])(?<![A-Za-zÀ-ɏ\d])
    (?:(?P<sign>US\$|[$€£¥])\s?|(?P<code>{_CODES})\s?)?
    (?P<minus>(?<![\w)])[-−])?
    (?:(?P<number>(?:(?<!\w)\.)?\d+(?:[.,]\d+)*)
      |(?P<word>{"|".join(WORDS)})(?=[\s-](?:per|thousand|million|billion|dollars|euros?|pounds)))
    (?:\s?(?P<close>k|K|M|bn|B)(?!\w)|[\s-](?P<scale>thousand|million|billion)\b
      |(?P<letters>[A-Za-z]+))?
    (?:[\s-]?(?P<unit>{_UNIT_BEHIND}))?""",
    re.VERBOSE | re.ASCII,
)
_NUMBER: Final = re.compile(r"\d{1,3}(?P<groups>(?:,\d{3})+)(?:\.\d+)?|\d*(?:[.,]\d+)?", re.ASCII)
_ORDINALS: Final = frozenset({"st", "nd", "rd", "th"})
_BETWEEN: Final = re.compile(r"\s?[-–—]\s?|\sto\s")  # dashes of ranges


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number and its unit: "" for none. ``places``: how exactly it is written, as a power."""

    value: Decimal
    unit: str = ""
    written: str = ""
    places: int = 0
    start: int = 0
    end: int = 0

    @property
    def key(self) -> tuple[Decimal, str]:
        """Return what makes two figures the same."""
        return (self.value.normalize(), self.unit)


@dataclass(frozen=True, slots=True)
class _Read:
    figure: Figure
    scale: Decimal | None  # a word's, that a range may share


def figures(text: str) -> list[Figure]:
    """Return the figures of ``text`` in their order."""
    read = [_read(found) for found in _FIGURE.finditer(text)]
    for place in range(len(read) - 1):
        first, second = read[place], read[place + 1]
        if _BETWEEN.fullmatch(text[first.figure.end : second.figure.start]):
            read[place], read[place + 1] = _shared(first, second)
    ours = [each.figure for each in read]
    return sorted([*ours, *_other_numerals(text)], key=lambda figure: figure.start)


def _read(found: re.Match[str]) -> _Read:
    scale = SCALES.get(found["close"] or found["scale"] or "", Decimal(1))
    unit = _SIGNS.get(found["sign"] or "", "") or found["code"] or _unit(found["unit"] or "")
    if found["letters"]:  # 3rd, 5x, 5m: a unit that we know as it is written
        unit = "th" if found["letters"] in _ORDINALS else f"{unit} {found['letters']}".strip()
    value, places = Decimal(0), 0
    if found["word"]:
        value = WORDS[found["word"]]
    elif number := _NUMBER.fullmatch(found["number"]):
        spelled = number.group().replace(",", "" if number["groups"] else ".")
        value, places = Decimal(spelled), len(spelled.partition(".")[2])
    else:  # 1.2.3, 12,34,567: the same as itself only
        unit = f"{unit} {found['number']}".strip()
    figure = Figure(
        value=value * scale * (-1 if found["minus"] else 1),
        unit=unit,
        written=found.group().strip(),
        places=places - scale.adjusted(),
        start=found.start(),
        end=found.end(),
    )
    return _Read(figure, scale if found["scale"] else None)


def _unit(behind: str) -> str:
    if behind.startswith("percentage"):
        return POINTS
    if behind in ("percent", "per cent", "%"):
        return PERCENT
    return _NAMES.get(behind) or _SIGNS.get(behind) or behind


def _shared(first: _Read, second: _Read) -> tuple[_Read, _Read]:
    """Return both ends of a range with the unit and the scale's word that one of them has."""
    unit = first.figure.unit or second.figure.unit
    if not first.figure.unit or not second.figure.unit or first.figure.unit == second.figure.unit:
        first = replace(first, figure=replace(first.figure, unit=unit))
        second = replace(second, figure=replace(second.figure, unit=unit))
    if second.scale is not None and first.scale is None and first.figure.value < 1000:
        scaled = replace(
            first.figure,
            value=first.figure.value * second.scale,
            places=first.figure.places - second.scale.adjusted(),
        )
        first = _Read(scaled, second.scale)
    return first, second


def _other_numerals(text: str) -> Iterator[Figure]:
    """Yield the numerals that are no ASCII digits (½, ², ٣): each is the same as itself only."""
    for place, char in enumerate(text):
        if not char.isascii() and unicodedata.category(char) in ("Nd", "Nl", "No"):
            yield Figure(value=Decimal(0), unit=char, written=char, start=place, end=place + 1)
