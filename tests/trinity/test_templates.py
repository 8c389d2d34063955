"""What every template and the sheet must hold, read from the files."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SANDBOX_TEMPLATES = sorted((ROOT / "sandbox" / "templates").rglob("*.html"))
SHEET_BYTES_MAX = 15_000
LINE_CHARS_MAX = 160
LAYOUTS = {"public.html", "console.html", "manage.html"}
STANDALONE = {"500.html", "503.html"}

INLINE = {
    "a style attribute": re.compile(r"\sstyle\s*=", re.I),
    "a style element": re.compile(r"<style\b", re.I),
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)", re.I),
    "an event handler": re.compile(r"\son[a-z]+\s*=\s*[\"']", re.I),
    "hx-on or eval": re.compile(r"hx-on|hx-vals=[\"']js:|javascript:", re.I),
    "another host": re.compile(r"<(?:script|link|img)[^>]+(?:src|href)=[\"']?(?:https?:)?//", re.I),
}


TEXTS = {
    str(path.relative_to(ROOT / "templates")): path.read_text(encoding="utf-8")
    for path in TEMPLATES
}


def test_nothing_that_the_content_policy_forbids() -> None:
    found = [
        (name, what)
        for name, text in TEXTS.items()
        for what, pattern in INLINE.items()
        if pattern.search(text)
    ]

    assert found == []


POSTS = re.compile(r"<form\b[^>]*method=[\"']post[\"'][^>]*>.*?</form>", re.I | re.S)


def test_every_form_that_posts_carries_its_key() -> None:
    forms = [(name, form) for name, text in TEXTS.items() for form in POSTS.findall(text)]

    assert len(forms) > 50
    assert [(name, form[:80]) for name, form in forms if "csrf_token" not in form] == []


def test_pages_have_a_title_of_their_own() -> None:
    pages = {
        name: text
        for name, text in TEXTS.items()
        if "{% extends" in text and "block content" in text and Path(name).name not in LAYOUTS
    }

    assert len(pages) > 50
    assert [name for name, text in pages.items() if "{% block title %}" not in text] == []


def test_no_line_is_longer_than_a_person_reads() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in (*TEMPLATES, *SANDBOX_TEMPLATES)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > LINE_CHARS_MAX
    ]

    assert long == []


STATE_IN_ELIF = re.compile(r"\{% elif [^%]*\b(?:state|stage|status|standing|outcome)\b *==")


def test_no_template_chooses_words_by_going_through_states() -> None:
    """What a state says is in the tables of ``kernel.state_words``; a chain forgets the next."""
    chains = [
        (name, chain) for name, text in TEXTS.items() for chain in STATE_IN_ELIF.findall(text)
    ]

    assert chains == []


def test_the_sheet_is_small() -> None:
    sheet = (ROOT / "static" / "trinity.css").read_bytes()

    assert len(gzip.compress(sheet)) <= SHEET_BYTES_MAX


def test_the_sheet_asks_nobody_else_for_anything() -> None:
    sheet = (ROOT / "static" / "trinity.css").read_text(encoding="utf-8")

    assert re.findall(r"@import|url\(", sheet) == []


@pytest.mark.parametrize("file", sorted(STANDALONE))
def test_the_pages_for_the_worst_day_need_nothing(file: str) -> None:
    text = (ROOT / "templates" / file).read_text(encoding="utf-8")

    frame = (ROOT / "templates" / "broken.html").read_text(encoding="utf-8")

    assert text.startswith('{% extends "broken.html" %}')
    asked = set(re.findall(r"{%\s*(\w+)", text + frame))
    assert asked <= {"extends", "block", "endblock", "if", "else", "endif"}
    assert "charged" in text or "paying" in text
