"""What a person should look at before a release, found by rules: no model has judged it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fulfillment.snapshots.figures import figures
from fulfillment.snapshots.quoting import claims_of, quotes_of
from fulfillment.snapshots.schema import Section
from fulfillment.snapshots.sources import Pages

LONG_CHARS: Final = 220
OLD: Final = timedelta(days=548)  # a year and a half
JUDGEMENTS_SHARE: Final = 0.5
# Two or more words in a row that begin with a capital letter, or one inside of a sentence.
_NAME: Final = re.compile(r"(?<=[a-zà-ÿ,;:] )[A-ZÀ-Þ][\w’'-]+(?: [A-ZÀ-Þ][\w’'-]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One thing to look at: where, and what."""

    where: str
    words: str


def remarks_on(
    sections: Sequence[tuple[str, Section]], pages: Pages, *, now: datetime
) -> list[Remark]:
    """Return what rules find in a snapshot whose claims rest on what they quote."""
    return [
        *_claims(sections, pages),
        *_judgements(sections),
        *_dates(sections, pages, now=now),
    ]


def _claims(sections: Sequence[tuple[str, Section]], pages: Pages) -> Iterator[Remark]:
    known = " ".join(page.plain for page in pages.values()).casefold()
    own = " ".join(
        str(getattr(section, name, ""))
        for _, section in sections
        for name in ("company", "website")
    ).casefold()
    for title, section in sections:
        for _, claim in claims_of(section):
            where = f"{title}: “{_short(claim.text)}”"
            if len(claim.text) > LONG_CHARS:
                yield Remark(where=where, words=f"Long: {len(claim.text)} characters.")
            if claim.judgement and (said := figures(claim.text)):
                named = ", ".join(figure.written for figure in said)
                yield Remark(where=where, words=f"A judgement with figures of no source: {named}.")
            for name in dict.fromkeys(_NAME.findall(claim.text)):
                if name.casefold() not in known and name.casefold() not in own:
                    yield Remark(where=where, words=f"“{name}” occurs in no source.")


def _judgements(sections: Sequence[tuple[str, Section]]) -> Iterator[Remark]:
    claims = [claim for _, section in sections for _, claim in claims_of(section)]
    judged = sum(claim.judgement for claim in claims)
    if claims and judged / len(claims) > JUDGEMENTS_SHARE:
        yield Remark(where="All", words=f"{judged} of {len(claims)} statements are judgements.")


def _dates(
    sections: Sequence[tuple[str, Section]], pages: Pages, *, now: datetime
) -> Iterator[Remark]:
    quoted = {
        quote.source
        for _, section in sections
        for _, claim in claims_of(section)
        for quote in quotes_of(claim)
    }
    for page in (pages[ref] for ref in sorted(quoted & set(pages))):
        if page.published_on is None:
            continue
        where = f"Source: {page.title or page.url}"
        if page.published_on > now.date():
            yield Remark(where=where, words=f"Dated in the future: {page.published_on:%-d %b %Y}.")
        elif now.date() - page.published_on > OLD:
            yield Remark(where=where, words=f"Old: published {page.published_on:%-d %b %Y}.")


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59].rstrip()}…"  # of a line
