"""Words of ours into letters: one template, two formats, nothing fetched from elsewhere.

A template says a letter once, on ``templates/notices/letter.txt``. Its first line is the subject; a
line may begin with ``# `` (heading), ``## `` (smaller heading), ``| name | value`` (a fact; with
``! `` before its name it is the sum that matters) or ``> words | address`` (a link); everything
else is a paragraph. The plain text and the HTML are both made from that, so they cannot say
different things, and whatever a value holds is escaped.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from django.conf import settings
from django.template.loader import render_to_string

from kernel.modes import MODE_WORDS, Mode
from notices.ports import Letter

FRAME: Final = "notices/letter.html"
WIDTH: Final = 72
TOTAL: Final = "! "
MARKS: Final = {"##": "subheading", "# ": "heading", "| ": "facts", "> ": "links"}


@dataclass(frozen=True, slots=True)
class Block:
    """One thing that a letter says, and what kind of thing it is."""

    kind: str
    lines: tuple[str, ...]

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Return the lines of a block of facts or links as pairs."""
        return [(name, value) for name, value, _ in self.rows]

    @property
    def rows(self) -> list[tuple[str, str, bool]]:
        """Return the same, each with whether it is the sum that the letter is about."""
        pairs = (line.partition(" | ") for line in self.lines)
        return [
            (name.removeprefix(TOTAL), value, name.startswith(TOTAL)) for name, _, value in pairs
        ]


def write_letter(
    *,
    template: str,
    facts: Mapping[str, Any],
    mode: Mode,
    to: tuple[str, ...],
    reference: str,
) -> Letter:
    """Return the letter that ``template`` says about ``facts``.

    A subject that is not of live mode says so first. ``reference`` makes the Message-ID.
    """
    context = {key: _cleaned(value) for key, value in facts.items()} | _house(mode)
    rendered = render_to_string(f"{template}.txt", context)
    subject, _, body = rendered.strip().partition("\n")
    blocks = list(_blocks(body))
    page = {"blocks": blocks, "subject": subject, **context}
    return Letter(
        to=to,
        subject=_one_line(subject if mode == Mode.LIVE else f"[{mode}: no real money] {subject}"),
        text=_as_text(blocks),
        html=render_to_string(FRAME, page),
        message_id=message_id(reference),
    )


def write_line(*, template: str, facts: Mapping[str, Any]) -> dict[str, str]:
    """Return what ``template`` says in a few words: its first line, the title, and the others."""
    rendered = render_to_string(f"{template}.txt", dict(facts))
    title, _, words = rendered.strip().partition("\n")
    return {"title": _one_line(title), "words": _one_line(words)}


def _cleaned(value: object) -> object:
    """Return a fact that no template mistakes for a mark: text on one line, lines without one."""
    if isinstance(value, str):
        return _one_line(value)
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return [line.strip().lstrip("#|> ") for line in value]
    return value


def _one_line(words: str) -> str:
    return " ".join(words.replace("|", "/").split())


def _house(mode: Mode) -> dict[str, str]:
    return {
        "mode": mode,
        "mode_words": MODE_WORDS[mode],
        "seller_name": settings.SELLER_NAME,
        "seller_address": settings.SELLER_ADDRESS,
        "seller_contact": settings.SELLER_CONTACT,
        "base_url": settings.BASE_URL,
    }


def message_id(reference: str) -> str:
    """Return the Message-ID of the letter called ``reference``, as of the sender's domain."""
    found = re.search(r"@([A-Za-z0-9.-]+)", settings.DEFAULT_FROM_EMAIL)
    return f"<{reference}@{found.group(1) if found else 'localhost'}>"


def _kind(line: str) -> str:
    return next((kind for mark, kind in MARKS.items() if line.startswith(mark)), "words")


def _blocks(body: str) -> Iterator[Block]:
    for is_gap, group in groupby(body.splitlines(), key=lambda line: not line.strip()):
        if is_gap:
            continue
        for kind, lines in groupby(group, key=_kind):
            mark = 0 if kind == "words" else len("| ")
            yield Block(kind, tuple(line[mark:].strip() for line in lines))


def _as_text(blocks: list[Block]) -> str:
    return "\n\n".join(_block_as_text(block) for block in blocks) + "\n"


def _block_as_text(block: Block) -> str:
    match block.kind:
        case "heading":
            return "\n".join(f"{line}\n{'=' * min(len(line), WIDTH)}" for line in block.lines)
        case "subheading":
            return "\n".join(f"{line}\n{'-' * min(len(line), WIDTH)}" for line in block.lines)
        case "facts":
            return "\n".join(f"  {name}: {value}" for name, value in block.facts)
        case "links":
            return "\n".join(f"{words}:\n{address}" for words, address in block.facts)
        case _:
            return "\n".join(_wrapped(line) for line in block.lines)


def _wrapped(line: str) -> str:
    return textwrap.fill(line, WIDTH, break_long_words=False, break_on_hyphens=False)
