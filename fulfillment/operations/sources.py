"""A page that was read for a run is kept, in the caller's transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from fulfillment.enums import SourceState
from fulfillment.models import AcquisitionRun, Source
from fulfillment.models.sources import EXCERPT_CHARS_MAX, TEXT_CHARS_MAX, TITLE_CHARS_MAX
from fulfillment.ports_web import Page
from kernel.append_only import new_salt, salted_digest
from kernel.references import new_reference

ELLIPSIS: Final = "…"


def keep_source(
    run: AcquisitionRun, page: Page, *, url: str, codes: Sequence[str], now: datetime
) -> Source:
    """Keep a page that was read at ``url``; ``codes`` are what the firewall found in it.

    With any it is quarantined, and its run gets no word of it before a person has released it.
    """
    text, salt = page.text[:TEXT_CHARS_MAX], new_salt()
    source = Source(
        reference=new_reference("src"),
        run=run,
        mode=run.mode,
        url=url,
        final_url=page.final_url,
        content_type=page.content_type,
        sha256=hashlib.sha256(page.body).hexdigest(),
        size=len(page.body),
        body=page.body,
        title=_cut(page.title, TITLE_CHARS_MAX),
        published_on=page.published_on,
        text=text,
        text_salt=salt,
        text_digest=salted_digest(text, salt=salt),
        excerpt=_cut(" ".join(text.split()), EXCERPT_CHARS_MAX),
        codes=[str(code) for code in codes],
        read_at=now,
    )
    source.begin(SourceState.QUARANTINED if codes else SourceState.RELEASED)
    source.save(force_insert=True)
    return source


def _cut(text: str, chars_max: int) -> str:
    if len(text) <= chars_max:
        return text
    return text[: chars_max - 1].rstrip() + ELLIPSIS
