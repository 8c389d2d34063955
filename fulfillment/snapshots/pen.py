"""A pen for paper: words in columns, rules and boxes, over fpdf2. All lengths in millimetres."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Final

from fontTools.ttLib import TTFont
from fpdf import FPDF

FONTS: Final = Path(__file__).parent / "fonts"
SERIF, SERIF_BOLD, SERIF_ITALIC = "serif", "serif-bold", "serif-italic"
SANS, SANS_BOLD = "sans", "sans-bold"
FILES: Final = {
    SERIF: "SourceSerif4-400Regular.ttf",
    SERIF_BOLD: "SourceSerif4-600SemiBold.ttf",
    SERIF_ITALIC: "SourceSerif4-400Regular_Italic.ttf",
    SANS: "Inter-400Regular.ttf",
    SANS_BOLD: "Inter-600SemiBold.ttf",
}
# It would log each letter of each document.
logging.getLogger("fontTools").setLevel(logging.WARNING)

MM_PER_POINT: Final = 25.4 / 72
ASCENT: Final = 0.74  # of the type's size: from the top of a line's letters to their baseline

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """How words are set. ``size`` in points, ``leading`` in sizes, ``raised`` for footnotes."""

    font: str
    size: float
    colour: Colour
    leading: float = 1.36
    spaced: float = 0.0  # points between letters
    raised: bool = False

    def scaled(self, by: float) -> Type:
        """Return the same, smaller or larger."""
        return replace(self, size=self.size * by)


Run = tuple[str, Type]


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    type: Type
    width: float
    is_glued: bool  # no blank before it


@cache
def drawable() -> frozenset[int]:
    """Return the characters that every one of the fonts can draw."""
    known = [set(TTFont(FONTS / name, lazy=True).getBestCmap()) for name in FILES.values()]
    return frozenset(set.intersection(*known))


def undrawable(text: str) -> str:
    """Return the characters of ``text`` that the fonts cannot draw, each once."""
    return "".join(dict.fromkeys(c for c in text if ord(c) not in drawable() and c != "\n"))


class Pen:
    """Draws on the pages of one PDF, or only measures: its methods return where they end."""

    def __init__(self, *, title: str, author: str, made_on: date) -> None:
        self.pdf = FPDF(format="A4")
        self.pdf.set_auto_page_break(auto=False)
        self.pdf.set_margin(0)
        self.pdf.c_margin = 0
        for name, file in FILES.items():
            self.pdf.add_font(name, fname=FONTS / file)
        self.pdf.set_title(title)
        self.pdf.set_author(author)
        self.pdf.set_lang("en")
        self.pdf.set_creation_date(datetime(made_on.year, made_on.month, made_on.day))  # noqa: DTZ001  # a PDF's date without a zone
        self.scale = 1.0
        self.is_measuring = False
        self._widths: dict[tuple[str, str, float, float], float] = {}

    def add_page(self) -> None:
        """Begin a page."""
        if not self.is_measuring:
            self.pdf.add_page()

    def write(
        self, runs: Sequence[Run], x: float, y: float, width: float, *, align: str = "left"
    ) -> float:
        """Write ``runs`` as one paragraph, its top at ``y``; return its bottom."""
        size = max(kind.size * self.scale for _, kind in runs)
        leading = runs[0][1].leading * size * MM_PER_POINT
        for line in self._lines(runs, width):
            length = _length(line, self._blank)
            at = x + (width - length if align == "right" else 0)
            baseline = y + (leading - size * MM_PER_POINT) / 2 + ASCENT * size * MM_PER_POINT
            self._draw(line, at, baseline)
            y += leading
        return y

    def width_of(self, text: str, kind: Type) -> float:
        """Return how long ``text`` is in one line."""
        key = (text, kind.font, kind.size * self.scale, kind.spaced)
        if key not in self._widths:
            self._set(kind)
            self._widths[key] = self.pdf.get_string_width(text)
        return self._widths[key]

    def rule(self, x: float, y: float, width: float, *, colour: Colour, weight: float) -> None:
        """Draw a line."""
        if not self.is_measuring:
            self.pdf.set_draw_color(*colour)
            self.pdf.set_line_width(weight)
            self.pdf.line(x, y, x + width, y)

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: Colour | None = None,
        edge: Colour | None = None,
        radius: float = 0.0,
        is_dashed: bool = False,
    ) -> None:
        """Draw a box, filled, with an edge, or both."""
        if self.is_measuring or width <= 0:
            return
        if fill:
            self.pdf.set_fill_color(*fill)
        if edge:
            self.pdf.set_draw_color(*edge)
            self.pdf.set_line_width(0.25)
        if is_dashed:
            self.pdf.set_dash_pattern(dash=0.8, gap=0.7)
        style = ("D" if edge else "") + ("F" if fill else "")
        rounded = radius > 0
        self.pdf.rect(x, y, width, height, style=style, round_corners=rounded, corner_radius=radius)
        if is_dashed:
            self.pdf.set_dash_pattern()

    def link(self, x: float, y: float, width: float, height: float, *, url: str) -> None:
        """Make a part of the page a link."""
        if not self.is_measuring and url.startswith(("https://", "http://")):
            self.pdf.link(x, y, width, height, url)

    def bytes(self) -> bytes:
        """Return the finished PDF."""
        return bytes(self.pdf.output())

    def _lines(self, runs: Sequence[Run], width: float) -> Iterator[list[_Word]]:
        line: list[_Word] = []
        used = 0.0
        for word in self._words(runs, width):
            gap = 0.0 if word.is_glued or not line else self._blank(word)
            if line and used + gap + word.width > width + 0.01:
                yield line
                line, used, gap = [], 0.0, 0.0
            line.append(word)
            used += gap + word.width
        if line:
            yield line

    def _words(self, runs: Sequence[Run], width: float) -> Iterator[_Word]:
        for text, kind in runs:
            glued = not text[:1].isspace()
            for place, word in enumerate(text.replace("\n", " ").split(" ")):
                if not word:
                    continue
                for piece, part in enumerate(self._pieces(word, kind, width)):
                    is_glued = piece > 0 or (place == 0 and glued)
                    yield _Word(part, kind, self.width_of(part, kind), is_glued)

    def _pieces(self, word: str, kind: Type, width: float) -> Iterator[str]:
        """Yield a word, in pieces where it is wider than its column."""
        while self.width_of(word, kind) > width and len(word) > 1:
            fits = len(word) - 1
            while fits > 1 and self.width_of(word[:fits], kind) > width:
                fits -= 1
            yield word[:fits]
            word = word[fits:]
        yield word

    def _blank(self, word: _Word) -> float:
        return self.width_of(" ", word.type)

    def _draw(self, line: Sequence[_Word], x: float, baseline: float) -> None:
        """Draw a line, words of one type as one text."""
        if self.is_measuring:
            return
        place = 0
        while place < len(line):
            kind, text, end = line[place].type, "", place
            while end < len(line) and line[end].type == kind:
                text += ("" if line[end].is_glued or end == 0 else " ") + line[end].text
                end += 1
            self._set(kind)
            rise = kind.size * self.scale * MM_PER_POINT * 0.5 if kind.raised else 0
            self.pdf.text(x, baseline - rise, text)
            x += self.width_of(text, kind)
            place = end

    def _set(self, kind: Type) -> None:
        self.pdf.set_font(kind.font, size=kind.size * self.scale)
        self.pdf.set_char_spacing(kind.spaced)
        self.pdf.set_text_color(*kind.colour)


def _length(line: Sequence[_Word], blank: object) -> float:
    gap = blank if callable(blank) else None
    return sum(
        word.width + (0.0 if word.is_glued or place == 0 or gap is None else gap(word))
        for place, word in enumerate(line)
    )
