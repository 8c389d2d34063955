"""What an owner reads before a release: each statement beside the words that it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fulfillment.enums import SectionKind
from fulfillment.queries.deliverables import DeliverableRow, pages_of_run, sections_of
from fulfillment.snapshots.checks import Remark, remarks_on
from fulfillment.snapshots.quoting import claims_of, quotes_of
from fulfillment.snapshots.schema import Claim, Quote
from fulfillment.snapshots.sources import Pages, plain

AROUND_CHARS: Final = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedWords:
    """A quote within its source's own text."""

    source_ref: str
    title: str
    url: str
    read_at: datetime | None  # None where the source is gone
    before: str
    quote: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedClaim:
    """One statement, and what it rests on."""

    text: str
    is_judgement: bool
    quotes: Sequence[QuotedWords]
    reckoned: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedSection:
    """A section as it stands in the document."""

    name: str
    title: str
    written_by: str  # "" for the agent
    written_at: datetime
    claims: Sequence[ReviewedClaim]
    is_erased: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """All that the page shows of a document."""

    sections: Sequence[ReviewedSection]
    remarks: Sequence[Remark]


def review_of(deliverable: DeliverableRow, *, now: datetime) -> Review:
    """Return the statements of a document beside their sources. Two statements."""
    versions = sections_of(deliverable.section_refs)
    pages = pages_of_run(deliverable.run_ref)
    contents = [(str(SectionKind(each.name).label), each.content) for each in versions]
    return Review(
        sections=[
            ReviewedSection(
                name=each.name,
                title=str(SectionKind(each.name).label),
                written_by=each.written_by,
                written_at=each.written_at,
                claims=[
                    _claim(claim, pages)
                    for _, claim in (claims_of(each.content) if each.content else [])
                ],
                is_erased=each.content is None,
            )
            for each in versions
        ],
        remarks=remarks_on(
            [(title, content) for title, content in contents if content is not None],
            pages,
            now=now,
        ),
    )


def _claim(claim: Claim, pages: Pages) -> ReviewedClaim:
    return ReviewedClaim(
        text=claim.text,
        is_judgement=claim.judgement,
        quotes=[_quoted(quote, pages) for quote in quotes_of(claim)],
        reckoned=[
            f"{each.formula} = {each.result}, where "
            + ", ".join(f"{one.name} is {one.figure}" for one in each.inputs)
            for each in claim.reckoned
        ],
    )


def _quoted(quote: Quote, pages: Pages) -> QuotedWords:
    page, words = pages.get(quote.source), plain(quote.quote)
    start = page.plain.find(words) if page else -1
    if page is None or start < 0:
        return QuotedWords(
            source_ref=quote.source,
            title="",
            url="",
            read_at=None,
            before="",
            quote=words,
            after="",
        )
    end = start + len(words)
    first, last = max(0, start - AROUND_CHARS), min(len(page.plain), end + AROUND_CHARS)
    return QuotedWords(
        source_ref=quote.source,
        title=page.title,
        url=page.url,
        read_at=page.read_at,
        before=("…" if first else "") + page.plain[first:start],
        quote=words,
        after=page.plain[end:last] + ("…" if last < len(page.plain) else ""),
    )
