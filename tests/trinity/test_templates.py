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


def name(path: Path) -> str:
    return str(path.relative_to(ROOT / "templates"))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_nothing_that_the_content_policy_forbids(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert [what for what, pattern in INLINE.items() if pattern.search(text)] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_every_form_that_posts_carries_its_key(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    forms = re.findall(r"<form\b[^>]*method=[\"']post[\"'][^>]*>.*?</form>", text, re.I | re.S)

    assert [form[:80] for form in forms if "csrf_token" not in form] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_pages_have_a_title_of_their_own(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    is_page = "{% extends" in text and "block content" in text and path.name not in LAYOUTS

    assert not is_page or "{% block title %}" in text


@pytest.mark.parametrize("path", [*TEMPLATES, *SANDBOX_TEMPLATES], ids=str)
def test_no_line_is_longer_than_a_person_reads(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()

    assert [no for no, line in enumerate(lines, 1) if len(line) > LINE_CHARS_MAX] == []


STATE_IN_ELIF = re.compile(r"\{% elif [^%]*\b(?:state|stage|status|standing|outcome)\b *==")


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_no_template_chooses_words_by_going_through_states(path: Path) -> None:
    """What a state says is in the tables of ``kernel.state_words``; a chain forgets the next."""
    assert STATE_IN_ELIF.findall(path.read_text(encoding="utf-8")) == []


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
