"""How money, modes, states, times and references are said on every page."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from django import template
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from kernel.folding import folded
from kernel.modes import Mode
from kernel.money import Money
from kernel.state_words import OperatorWords
from notices.queries import Clock

register = template.Library()

FORMATS = {
    "": ("{0.day} {0:%b %Y, %H:%M} UTC", "minutes"),
    "exact": ("{0.day} {0:%b %Y, %H:%M:%S} UTC", "seconds"),
    "day": ("{0.day} {0:%b %Y}", "minutes"),
    "clock": ("{0:%H:%M:%S}", "milliseconds"),
}
PLAIN_WORD = re.compile(r"[A-Za-z]+(?:[’'-][A-Za-z]+)*")
LONG_RUN = re.compile(r"\S{12}(?=\S{4})")
BREAK = "\0"  # stands in no text that a database gives back


@register.filter
def money(amount_minor: int | None, currency: str) -> str:
    """Say ``amount_minor`` of ``currency``: ``$1.00 USD``; a dash where there is none."""
    return "–" if amount_minor is None else str(Money(amount_minor, currency))


@register.filter
def figure(amount_minor: int | None, currency: str) -> str:
    """Say ``amount_minor`` with the symbol only: ``$1.00``."""
    return "–" if amount_minor is None else Money(amount_minor, currency).figure()


@register.filter
def beside_code(amount_minor: int | None, currency: str) -> str:
    """Say ``amount_minor`` where its code stands beside it: ``$1.00``, and ``1.00`` of CHF."""
    return "–" if amount_minor is None else Money(amount_minor, currency).beside_code()


@register.filter
def badge(word: str | OperatorWords | None, tone: str = "off") -> str:
    """Say a mode, what a state says, or a word in ``tone`` (ok, wait, bad, info) as a badge."""
    if isinstance(word, OperatorWords):
        return format_html('<span class="badge {}">{}</span>', word.tone, word.badge)
    value = str(getattr(word, "value", word) or "")
    if not value:
        return ""
    shape = value if value in Mode.values else tone
    return format_html('<span class="badge {}">{}</span>', shape, value.replace("_", " "))


@register.simple_block_tag(end_name="end_empty_page")
def empty_page(content: str, title: str = "", link: str = "", link_words: str = "") -> SafeString:
    """Say on an empty page what will appear (the block's words), and how to make it happen."""
    text = mark_safe(" ".join(content.split()))  # noqa: S308  # the template's own words
    said = {"title": title, "text": text, "link_address": link, "link_words": link_words}
    return render_to_string("parts/empty.html", said)


@register.filter
def when(at: datetime | None, how: str = "") -> str:
    """Say a time in UTC: ``22 Nov 2026, 06:14 UTC``; ``how``: exact, day or clock."""
    if at is None:
        return "–"
    pattern, precision = FORMATS[how]
    utc = at.astimezone(UTC)
    return _time(utc, pattern.format(utc), precision)


@register.filter
def ago(at: datetime | None) -> str:
    """Say how long since, or until: ``4 min ago``, ``in 2 h``; the time itself is in the title."""
    if at is None:
        return "–"
    passed = timezone.now() - at
    words = duration(abs(passed))
    return _time(at, f"{words} ago" if passed >= timedelta(0) else f"in {words}", "seconds")


@register.filter
def upcoming(at: datetime | None) -> str:
    """Say when something is done next: ``in 4 min``; ``soon`` once its time has come."""
    return ago(at) if at is not None and at > timezone.now() else "soon"


@register.filter
def by(at: datetime | None, clock: Clock) -> str:
    """Say a time by a person's own clock; nothing where they did not say which that is."""
    return "" if at is None else clock.says(at)


@register.filter
def duration(length: timedelta | float | None) -> str:
    """Say a length of time (a timedelta, or seconds) in its largest whole unit: ``4 min``."""
    if length is None:
        return "–"
    total_s = int(length.total_seconds() if isinstance(length, timedelta) else length)
    for unit, unit_s in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if total_s >= 2 * unit_s or (unit != "d" and total_s >= unit_s):
            return f"{total_s // unit_s} {unit}"
    return f"{total_s} s"


@register.filter
def ref(reference: str | None) -> str:
    """Say a reference short for the eye and whole for the clipboard, the ear and the title."""
    if not reference:
        return "–"
    return folded(str(reference))


@register.filter
def sentence(words: str | None) -> str:
    """Say ``words`` as a sentence; what begins with a name (``payment_booked``) keeps its case."""
    text = str(words or "").strip()
    if not text:
        return ""
    first = text.split(maxsplit=1)[0].rstrip(",;")
    text = text[0].upper() + text[1:] if PLAIN_WORD.fullmatch(first) else text
    return text if text.endswith((".", "!", "?")) else f"{text}."


@register.filter
def spelled_day(day: str | date | None) -> str:
    """Say a day, also one kept as text (``2026-11-22``), as every page does: ``22 Nov 2026``."""
    if not day:
        return "–"
    on = day if isinstance(day, date) else date.fromisoformat(day)
    return f"{on.day} {on:%b %Y}"


@register.filter
def since(at: datetime | None) -> str:
    """Say for how long: ``for 3 min``; the time itself is in the title."""
    if at is None:
        return "–"
    return _time(at, f"for {duration(max(timezone.now() - at, timedelta(0)))}", "seconds")


@register.filter
def breakable(words: str) -> SafeString:
    """Let a line break inside words that are longer than a phone is wide, such as references.

    For mails, which have no sheet that could say so.
    """
    pieces = LONG_RUN.sub(lambda run: f"{run[0]}{BREAK}", str(words)).split(BREAK)
    return format_html_join(mark_safe("<wbr>"), "{}", ((piece,) for piece in pieces))


@register.filter
def linking(words: str, address: str) -> SafeString:
    """Return ``words``, breakable, with the mail ``address`` in them as a link."""
    if "@" not in address:
        return breakable(words)
    link = format_html('<a href="mailto:{}">{}</a>', address, breakable(address))
    around = ((breakable(piece),) for piece in str(words).split(address))
    return format_html_join(link, "{}", around)


def _time(at: datetime, words: str, precision: str) -> SafeString:
    utc = at.astimezone(UTC)
    machine = utc.replace(tzinfo=None).isoformat(timespec=precision) + "Z"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', machine, f"{utc:%Y-%m-%d %H:%M:%S} UTC", words
    )
