"""A snapshot laid out as text: what its page and its PDF both say, word for word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from string import ascii_lowercase
from typing import Final
from urllib.parse import urlsplit

from fulfillment.snapshots.quoting import quotes_of
from fulfillment.snapshots.schema import Claim, Move, Reckoning, SnapshotV1
from fulfillment.snapshots.sources import Pages, ReadPage

SCRIPTED: Final = "Written by a script about a made-up company"
JUDGEMENT: Final = "our judgement"
TITLE: Final = "Acquisition snapshot"
EFFORTS: Final = {"hours": "Hours", "days": "Days", "weeks": "Weeks"}
ADDRESS_CHARS_MAX: Final = 64


class Maker(StrEnum):
    """Who put it together, as far as the page must say so."""

    AGENT = "agent"
    SCRIPT = "script"  # the sandbox's stand-in for a model
    SAMPLE = "sample"  # we, to show what one looks like


NOTICES: Final = {
    Maker.AGENT: "",
    Maker.SCRIPT: SCRIPTED,
    Maker.SAMPLE: "Sample. The company and its sources are made up",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """What is printed around the text: whose it is, when it was made, and by what."""

    reference: str
    seller: str
    made_on: date
    maker: Maker


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One sentence, the marks of what it rests on, and whether it is our judgement."""

    text: str
    marks: Sequence[str] = ()
    is_judgement: bool = False

    @property
    def tail(self) -> str:
        """Return what is set small behind it."""
        return JUDGEMENT if self.is_judgement else " ".join(self.marks)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLine:
    """One channel: its bar, in percent, where a share is known."""

    name: str
    percent: int | None
    share: Said
    cost: Said


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveLine:
    """One move, numbered."""

    number: int
    title: str
    why: Said
    effort: str
    effort_words: str
    effect: Said


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceNote:
    """One source as a footnote."""

    mark: str
    title: str
    address: str
    url: str
    dates: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReckonedNote:
    """How one figure was reckoned."""

    mark: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Two pages of text, in reading order."""

    issue: Issue
    company: str
    website: str
    question: str
    headline: str
    in_short: Sequence[Said]
    channels: Sequence[ChannelLine]
    steps: Sequence[str]
    lost_at: str
    loss: Sequence[Said]
    moves: Sequence[MoveLine]
    sources: Sequence[SourceNote]
    reckoned: Sequence[ReckonedNote]

    @property
    def notice(self) -> str:
        """Return what every page must say of how it came about, "" for nothing."""
        return NOTICES[self.issue.maker]

    @property
    def made_on(self) -> str:
        """Return its day, as printed."""
        return day(self.issue.made_on)

    @property
    def unknown_percent(self) -> int | None:
        """Return what of all customers the shares leave open; None where no share is known."""
        known = [each.percent for each in self.channels if each.percent is not None]
        return 100 - sum(known) if known and sum(known) < 100 else None  # percent

    @property
    def loss_heading(self) -> str:
        """Return the second section's heading."""
        return f"Most are lost at: {self.lost_at}"


def lay_out(snapshot: SnapshotV1, pages: Pages, *, issue: Issue) -> Document:
    """Return the document of a snapshot whose claims were checked against ``pages``.

    Sources are numbered in the order in which they are first quoted, reckonings are lettered.
    """
    notes = _Notes(pages)
    overview, loss = snapshot.overview, snapshot.loss
    in_short = [notes.said(claim) for claim in overview.in_short]
    channels = [
        ChannelLine(
            name=each.name,
            percent=each.share_percent,
            share=notes.said(each.share),
            cost=notes.said(each.cost),
        )
        for each in snapshot.channels.channels
    ]
    lost = [notes.said(claim) for claim in loss.claims]
    moves = [_move(number, each, notes) for number, each in enumerate(snapshot.moves.moves, 1)]
    return Document(
        issue=issue,
        company=overview.company,
        website=overview.website,
        question=overview.question,
        headline=overview.headline,
        in_short=in_short,
        channels=channels,
        steps=loss.steps,
        lost_at=loss.lost_at,
        loss=lost,
        moves=moves,
        sources=[_source_note(str(place), each) for place, each in enumerate(notes.pages, 1)],
        reckoned=notes.reckonings(),
    )


def day(day: date | datetime) -> str:
    """Return a day in words, in UTC."""
    if isinstance(day, datetime):
        day = day.astimezone(UTC).date()
    return f"{day.day} {day:%B %Y}"


def _move(number: int, move: Move, notes: _Notes) -> MoveLine:
    return MoveLine(
        number=number,
        title=move.title,
        why=notes.said(move.why),
        effort=EFFORTS[move.effort],
        effort_words=move.effort_words,
        effect=notes.said(move.effect),
    )


def _source_note(mark: str, page: ReadPage) -> SourceNote:
    parts = urlsplit(page.url)
    address = f"{parts.hostname or ''}{parts.path}".rstrip("/")
    if len(address) > ADDRESS_CHARS_MAX:
        address = f"{address[: ADDRESS_CHARS_MAX - 1]}…"
    published = f"published {day(page.published_on)}, " if page.published_on else ""
    return SourceNote(
        mark=mark,
        title=page.title or address,
        address=address,
        url=page.url,
        dates=f"{published}read {day(page.read_at)}",
    )


class _Notes:
    """Numbers the sources as they are quoted, and letters the reckonings."""

    def __init__(self, pages: Pages) -> None:
        self.pages: list[ReadPage] = []
        self._all = pages
        self._reckoned: list[Reckoning] = []

    def said(self, claim: Claim) -> Said:
        """Return the sentence with its marks."""
        marks = [self._mark(quote.source) for quote in quotes_of(claim)]
        letters = [self._letter(each) for each in claim.reckoned]
        ordered = sorted(dict.fromkeys(marks), key=int)
        return Said(text=claim.text, marks=[*ordered, *letters], is_judgement=claim.judgement)

    def reckonings(self) -> list[ReckonedNote]:
        """Return how each reckoned figure follows from what was read."""
        return [
            ReckonedNote(mark=_lettered(place), text=_in_figures(each))
            for place, each in enumerate(self._reckoned)
        ]

    def _mark(self, source: str) -> str:
        page = self._all[source]
        if page not in self.pages:
            self.pages.append(page)
        return str(self.pages.index(page) + 1)

    def _letter(self, reckoned: Reckoning) -> str:
        if reckoned not in self._reckoned:
            self._reckoned.append(reckoned)
        return _lettered(self._reckoned.index(reckoned))


def _lettered(place: int) -> str:
    """Return a, b, … z, aa, bb, …"""
    return ascii_lowercase[place % 26] * (place // 26 + 1)


def _in_figures(reckoned: Reckoning) -> str:
    """Return ``$6.40 × 40 = $256`` of a formula over names."""
    figure = {each.name: each.figure for each in reckoned.inputs}
    signs = {"*": " × ", "/": " ÷ ", "+": " + ", "-": " − "}  # as people write it
    words = reckoned.formula
    for name in sorted(figure, key=len, reverse=True):
        words = words.replace(name, f"\0{list(figure).index(name)}\0")
    words = "".join(signs.get(char, char) for char in words.replace(" ", ""))
    for place, said in enumerate(figure.values()):
        words = words.replace(f"\0{place}\0", said)
    return f"{words} = {reckoned.result}"
