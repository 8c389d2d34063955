"""The snapshot as a web page: one file with its style within, which loads nothing at all."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Final

from fulfillment.snapshots.document import ChannelLine, Document, MoveLine, Said
from fulfillment.snapshots.words import Words

STYLE: Final = Path(__file__).parent / "page.css"


@cache
def style() -> str:
    """Return the style that every page carries."""
    return STYLE.read_text(encoding="utf-8").strip()


def as_page(document: Document) -> bytes:
    """Return the document as one HTML file."""
    return "\n".join(_page(document)).encode()


def policy_of(page: bytes) -> str:
    """Return the content security policy of a page of ours: its own style, and nothing else.

    Of the page's own bytes, so that one that was made by an older version keeps its look.
    """
    _, begun, rest = page.partition(b"<style>")
    inner, ended, _ = rest.partition(b"</style>")
    digest = base64.b64encode(hashlib.sha256(inner).digest()).decode() if begun and ended else ""
    allowed = f"style-src 'sha256-{digest}'" if digest else "style-src 'none'"
    return (
        f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox"
    )


def _page(document: Document) -> Iterator[str]:
    yield (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(Words.TITLE)}: {escape(document.company)}</title>"
        f"<style>{style()}</style></head><body><main>"
    )
    yield (
        f'<div class="head"><span class="label">{escape(Words.TITLE)}</span>'
        f"<span>{escape(document.made_on)}</span></div>"
    )
    notice = f'<p class="notice">{escape(document.notice)}</p>' if document.notice else ""
    yield notice
    again = notice.replace("notice", "notice again", 1)  # on the second page of paper
    yield (
        f'<p class="about"><b>{escape(document.company)}</b> {escape(document.website)}</p>'
        f"<h1>{escape(document.headline)}</h1>"
        f'<p class="asked">{escape(document.question)}</p>'
    )
    yield _three(document.in_short)
    yield f"<section><h2>{escape(Words.CHANNELS)}</h2>"
    yield from _channels(document)
    yield f'</section>\n<section class="second">{again}<h2>{escape(document.loss_heading)}</h2>'
    yield _steps(document)
    yield f"{_three(document.loss)}</section>"
    yield f"<section><h2>{escape(Words.MOVES)}</h2>"
    yield from (_move(each) for each in document.moves)
    yield "</section>"
    yield from _notes(document)
    made = Words.MADE[document.issue.maker]
    yield f'<p class="foot">{escape(document.issue.seller)} · {escape(made)}</p>'
    yield "</main></body></html>\n"


def _said(said: Said) -> str:
    text = escape(said.text)
    if said.is_judgement:
        return f"{text} <i>({escape(said.tail)})</i>"
    marks = " ".join(f'<a href="#n{escape(mark)}">{escape(mark)}</a>' for mark in said.marks)
    return f"{text} <sup>{marks}</sup>" if marks else text


def _three(said: Sequence[Said]) -> str:
    return '<div class="three">' + "".join(f"<p>{_said(each)}</p>" for each in said) + "</div>"


def _channels(document: Document) -> Iterator[str]:
    heads = (Words.CHANNEL, Words.SHARE, Words.COST)
    cells = "".join(f'<th scope="col" class="label">{escape(head)}</th>' for head in heads)
    yield f"<table><thead><tr>{cells}</tr></thead><tbody>"
    yield from (_channel(line) for line in document.channels)
    if document.unknown_percent:
        yield (
            f'<tr><th scope="row">{escape(Words.UNKNOWN)}</th>'
            f'<td class="share">{_bar(document.unknown_percent, is_known=False)}</td><td></td></tr>'
        )
    yield "</tbody></table>"


def _channel(line: ChannelLine) -> str:
    bar = "" if line.percent is None else _bar(line.percent, is_known=True)
    return (
        f'<tr><th scope="row">{escape(line.name)}</th>'
        f'<td class="share">{bar}<p>{_said(line.share)}</p></td><td>{_said(line.cost)}</td></tr>'
    )


def _bar(percent: int, *, is_known: bool) -> str:
    """Return a share of the whole, drawn and in figures."""
    track = '<rect class="track" width="100" height="8"/>' if is_known else ""
    kind = "known" if is_known else "open"
    return (
        '<div class="bar"><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'{track}<rect class="{kind}" width="{percent}" height="8"/></svg><b>{percent} %</b></div>'
    )


def _steps(document: Document) -> str:
    lost = ' class="lost"'
    steps = "".join(
        f"<li{lost if step == document.lost_at else ''}><span>{escape(step)}</span></li>"
        for step in document.steps
    )
    return f'<ol class="steps">{steps}</ol>'


def _move(move: MoveLine) -> str:
    return (
        f'<div class="move"><b>{move.number}</b>'
        f"<div><h3>{escape(move.title)}</h3><p>{_said(move.why)}</p></div>"
        f'<dl><dt class="label">{escape(Words.EFFORT)}</dt>'
        f"<dd><b>{escape(move.effort)}.</b> {escape(move.effort_words)}</dd>"
        f'<dt class="label">{escape(Words.EFFECT)}</dt><dd>{_said(move.effect)}</dd></dl></div>'
    )


def _notes(document: Document) -> Iterator[str]:
    yield f'<section class="sources"><h2>{escape(Words.SOURCES)}</h2><ol>'
    for note in document.sources:
        address = escape(note.address)
        if note.url.startswith(("https://", "http://")):
            url = escape(note.url)
            address = (
                f'<a href="{url}" rel="noreferrer noopener nofollow" target="_blank">{address}</a>'
            )
        yield (
            f'<li id="n{escape(note.mark)}"><b>{escape(note.title)}</b> {address}, '
            f"{escape(note.dates)}</li>"
        )
    yield "</ol>"
    for each in document.reckoned:
        yield (
            f'<p class="reckoned" id="n{each.mark}">{escape(Words.RECKONED)}: '
            f"<b>{each.mark}</b> {escape(each.text)}</p>"
        )
    yield "</section>"
