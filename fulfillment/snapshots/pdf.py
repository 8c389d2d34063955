"""The snapshot on paper: two pages of A4, the same bytes for the same document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fulfillment.snapshots.document import Document, MoveLine, Said
from fulfillment.snapshots.pen import (
    SANS,
    SANS_BOLD,
    SERIF,
    SERIF_BOLD,
    SERIF_ITALIC,
    Colour,
    Pen,
    Run,
    Type,
)
from fulfillment.snapshots.words import Words

INK: Final[Colour] = (22, 32, 43)
SOFT: Final[Colour] = (85, 97, 110)
LINE: Final[Colour] = (214, 208, 196)
GREEN: Final[Colour] = (11, 107, 79)
GREEN_WASH: Final[Colour] = (228, 241, 236)
RED: Final[Colour] = (164, 38, 44)
RED_WASH: Final[Colour] = (251, 231, 230)
OCHRE: Final[Colour] = (125, 82, 0)

LEFT, RIGHT, WIDTH = 22.0, 188.0, 166.0
TOP, BOTTOM = 35.0, 277.0
GUTTER: Final = 7.0
SCALES: Final = (1.0, 0.95, 0.9, 0.85)

BODY: Final = Type(font=SERIF, size=10, colour=INK)
SMALL: Final = Type(font=SANS, size=7.4, colour=SOFT, leading=1.42)
MARK: Final = Type(font=SANS_BOLD, size=5.6, colour=GREEN, raised=True)
TAIL: Final = Type(font=SERIF_ITALIC, size=9, colour=SOFT)
LABEL: Final = Type(font=SANS_BOLD, size=6.4, colour=GREEN, spaced=0.7)
HEADING: Final = Type(font=SERIF_BOLD, size=16, colour=INK, leading=1.2)
NAME: Final = Type(font=SANS_BOLD, size=8.6, colour=INK)


class DoesNotFit(Exception):
    """It is more than two pages can hold."""


def as_pdf(document: Document) -> bytes:
    """Return the document as a PDF. Raises DoesNotFit."""
    pen = Pen(
        title=f"{Words.TITLE}: {document.company}",
        author=document.issue.seller,
        made_on=document.issue.made_on,
    )
    pen.is_measuring = True
    pen.scale = _scale_that_fits(pen, document)
    pen.is_measuring = False
    for number, draw in enumerate((_first_page, _second_page), 1):
        pen.add_page()
        _furniture(pen, document, number)
        draw(pen, document)
    return pen.bytes()


def _scale_that_fits(pen: Pen, document: Document) -> float:
    for scale in SCALES:
        pen.scale = scale
        if max(_first_page(pen, document), _second_page(pen, document)) <= BOTTOM:
            return scale
    raise DoesNotFit


def _furniture(pen: Pen, document: Document, number: int) -> None:
    """Draw what stands around the text of every page."""
    scale, pen.scale = pen.scale, 1.0
    pen.write([(Words.TITLE.upper(), LABEL)], LEFT, 15, 80)
    pen.write([(document.made_on, SMALL)], RIGHT - 60, 15, 60, align="right")
    pen.rule(LEFT, 20.5, WIDTH, colour=INK, weight=0.35)
    if document.notice:
        _notice(pen, document.notice)
    pen.rule(LEFT, 281, WIDTH, colour=LINE, weight=0.2)
    pen.write(
        [(f"{document.issue.seller}  ·  {Words.MADE[document.issue.maker]}", SMALL)], LEFT, 283, 140
    )
    pen.write([(f"{number} / 2", SMALL)], RIGHT - 20, 283, 20, align="right")
    pen.scale = scale


def _notice(pen: Pen, notice: str) -> None:
    kind = Type(font=SANS_BOLD, size=7.4, colour=OCHRE)
    width = pen.width_of(notice, kind) + 6
    pen.box(LEFT, 23, width, 5.6, edge=OCHRE, radius=1.2, is_dashed=True)
    pen.write([(notice, kind)], LEFT + 3, 23.95, width)


def _first_page(pen: Pen, document: Document) -> float:
    company = [(document.company, NAME.scaled(1.1)), (f"  {document.website}", SMALL.scaled(1.1))]
    y = pen.write(company, LEFT, TOP, WIDTH) + 1.5
    headline = Type(font=SERIF_BOLD, size=26, colour=INK, leading=1.12)
    y = pen.write([(document.headline, headline)], LEFT, y, WIDTH) + 3
    asked = Type(font=SERIF_ITALIC, size=11.5, colour=SOFT)
    y = pen.write([(document.question, asked)], LEFT, y, 140) + 7
    y = _columns(pen, document.in_short, y) + 10
    y = pen.write([(Words.CHANNELS, HEADING)], LEFT, y, WIDTH) + 4
    return _channels(pen, document, y)


def _columns(pen: Pen, said: Sequence[Said], y: float) -> float:
    """Set up to three sentences side by side, each under a rule of its own."""
    width = (WIDTH - GUTTER * 2) / 3
    ends = []
    for place, each in enumerate(said):
        x = LEFT + place * (width + GUTTER)
        pen.rule(x, y, width, colour=GREEN, weight=0.5)
        ends.append(pen.write(_runs(each, BODY), x, y + 2.4, width))
    return max(ends)


def _runs(said: Said, kind: Type) -> list[Run]:
    """Return a sentence with what is set small behind it."""
    if said.is_judgement:
        return [(said.text, kind), (f" ({said.tail})", TAIL.scaled(kind.size / BODY.size))]
    return [(said.text, kind), *([(f"\u00a0{said.tail}", MARK)] if said.tail else [])]


def _channels(pen: Pen, document: Document, y: float) -> float:
    share_x, cost_x, bar = LEFT + 40, LEFT + 108, 44.0
    for x, words in ((LEFT, Words.CHANNEL), (share_x, Words.SHARE), (cost_x, Words.COST)):
        pen.write([(words.upper(), LABEL)], x, y, 60)
    y += 5
    for line in document.channels:
        pen.rule(LEFT, y, WIDTH, colour=LINE, weight=0.2)
        top = y + 2.6
        ends = [pen.write([(line.name, NAME)], LEFT, top, 36)]
        under = top
        if line.percent is not None:
            _bar(pen, share_x, top + 0.2, bar, line.percent, is_known=True)
            under += 6
        ends.append(pen.write(_runs(line.share, SMALL.scaled(1.06)), share_x, under, 62))
        ends.append(pen.write(_runs(line.cost, BODY.scaled(0.95)), cost_x, top - 0.3, 58))
        y = max(ends) + 2.6
    if document.unknown_percent:
        pen.rule(LEFT, y, WIDTH, colour=LINE, weight=0.2)
        pen.write([(Words.UNKNOWN, NAME)], LEFT, y + 2.6, 36)
        _bar(pen, share_x, y + 2.8, bar, document.unknown_percent, is_known=False)
        y += 8.4
    pen.rule(LEFT, y, WIDTH, colour=LINE, weight=0.2)
    return y


def _bar(pen: Pen, x: float, y: float, width: float, percent: int, *, is_known: bool) -> None:
    """Draw a share of the whole, and its figure behind it."""
    drawn = width * percent / 100
    if is_known:
        pen.box(x, y, width, 3.6, fill=GREEN_WASH)
        pen.box(x, y, drawn, 3.6, fill=GREEN)
    else:
        pen.box(x, y, drawn, 3.6, edge=SOFT, is_dashed=True)
    figure = Type(font=SERIF_BOLD, size=12, colour=INK if is_known else SOFT)
    pen.write([(f"{percent} %", figure)], x + width + 3, y - 1.3, 16)


def _second_page(pen: Pen, document: Document) -> float:
    y = pen.write([(document.loss_heading, HEADING)], LEFT, TOP, WIDTH) + 4
    y = _steps(pen, document, y) + 5
    y = _columns(pen, document.loss, y) + 10
    y = pen.write([(Words.MOVES, HEADING)], LEFT, y, WIDTH) + 3
    for move in document.moves:
        y = _move(pen, move, y)
    return _notes(pen, document, y + 7)


def _steps(pen: Pen, document: Document, y: float) -> float:
    """Draw the way to the purchase, and where it is left."""
    gap, height = 7.0, 11.0
    width = (WIDTH - gap * (len(document.steps) - 1)) / len(document.steps)
    for place, step in enumerate(document.steps):
        x = LEFT + place * (width + gap)
        is_lost = step == document.lost_at
        pen.box(x, y, width, height, fill=RED_WASH if is_lost else None,
                edge=RED if is_lost else LINE, radius=1.4)  # fmt: skip
        kind = Type(font=SANS_BOLD if is_lost else SANS, size=8.4, colour=RED if is_lost else INK)
        while pen.width_of(step, kind) > width - 3:
            kind = kind.scaled(0.95)
        length = pen.width_of(step, kind)
        pen.write([(step, kind)], x + (width - length) / 2, y + 3.4, length + 1)
        if place:
            arrow = Type(font=SANS, size=9, colour=SOFT)
            pen.write([("→", arrow)], x - gap / 2 - 1.6, y + 3.3, 5)
    return y + height


def _move(pen: Pen, move: MoveLine, y: float) -> float:
    pen.rule(LEFT, y, WIDTH, colour=LINE, weight=0.2)
    top = y + 3.2
    number = Type(font=SERIF_BOLD, size=25, colour=GREEN, leading=1.1)
    pen.write([(str(move.number), number)], LEFT, top - 1.2, 12)
    left, right = LEFT + 14, LEFT + 92
    title = Type(font=SERIF_BOLD, size=12, colour=INK, leading=1.22)
    end = pen.write([(move.title, title)], left, top, 70) + 1
    end = pen.write(_runs(move.why, BODY), left, end, 70)
    other = pen.write([(Words.EFFORT.upper(), LABEL)], right, top, 74) + 0.4
    effort = [(f"{move.effort}. ", NAME), (f" {move.effort_words}", BODY.scaled(0.95))]
    other = pen.write(effort, right, other, 74) + 1.6
    other = pen.write([(Words.EFFECT.upper(), LABEL)], right, other, 74) + 0.4
    other = pen.write(_runs(move.effect, BODY.scaled(0.95)), right, other, 74)
    return max(end, other) + 3.4


def _notes(pen: Pen, document: Document, y: float) -> float:
    """Set the sources, and how figures were reckoned, in two columns of small type."""
    pen.rule(LEFT, y, WIDTH, colour=INK, weight=0.35)
    y = pen.write([(Words.SOURCES, HEADING.scaled(0.75))], LEFT, y + 2.4, WIDTH) + 1.5
    width = (WIDTH - GUTTER) / 2
    half = (len(document.sources) + 1) // 2
    ends = [y]
    for place, column in enumerate((document.sources[:half], document.sources[half:])):
        x, at = LEFT + place * (width + GUTTER), y
        for note in column:
            mark = SMALL.scaled(1.0)
            pen.write([(note.mark, Type(font=SANS_BOLD, size=7.4, colour=GREEN))], x, at, 5)
            strong = Type(font=SANS_BOLD, size=7.4, colour=INK, leading=1.42)
            runs = [(note.title, strong), (f" {note.address}, {note.dates}", mark)]
            end = pen.write(runs, x + 5, at, width - 5)
            pen.link(x + 5, at, width - 5, end - at, url=note.url)
            at = end + 1.1
        ends.append(at)
    y = max(ends)
    if document.reckoned:
        runs = [(f"{Words.RECKONED}:", SMALL)]
        for reckoned in document.reckoned:
            runs += [(f"   {reckoned.mark}", Type(font=SANS_BOLD, size=7.4, colour=GREEN)),
                     (f" {reckoned.text}", SMALL)]  # fmt: skip
        y = pen.write(runs, LEFT, y + 0.8, WIDTH)
    return y
