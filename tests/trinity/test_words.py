"""How pages say money, states, times and references."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from django.template import Context, Template
from django.utils import timezone as django_timezone

from kernel.state_words import OperatorWords
from revenue.enums.for_operators import ORDERS
from trinity.templatetags.words import (
    ago,
    badge,
    breakable,
    duration,
    money,
    ref,
    sentence,
    since,
    spelled_day,
    upcoming,
    when,
)

AT = datetime(2026, 11, 2, 6, 14, 5, 123000, tzinfo=UTC)
REFERENCE = "ord_01k9m8k2q7vx4abcdefghjkmnp"


@pytest.mark.parametrize(
    ("how", "machine", "words"),
    [
        ("", "2026-11-02T06:14Z", "2 Nov 2026, 06:14 UTC"),
        ("exact", "2026-11-02T06:14:05Z", "2 Nov 2026, 06:14:05 UTC"),
        ("day", "2026-11-02T06:14Z", "2 Nov 2026"),
        ("clock", "2026-11-02T06:14:05.123Z", "06:14:05"),
    ],
)
def test_a_time_is_said_in_utc_for_people_and_machines(how: str, machine: str, words: str) -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))

    said = when(elsewhere, how)

    assert said == (f'<time datetime="{machine}" title="2026-11-02 06:14:05 UTC">{words}</time>')


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("Write to us within 30 days.", "Write to us within 30 days."),
        (REFERENCE, "ord_01k9m8k2<wbr>q7vx4abcdefg<wbr>hjkmnp"),
        ("fifteen_letters", "fifteen_letters"),
        ("<b>&", "&lt;b&gt;&amp;"),
        ("<script>alert(1)</script>", "&lt;script&gt;aler<wbr>t(1)&lt;/script&gt;"),
    ],
)
def test_long_words_may_break(words: str, said: str) -> None:
    assert breakable(words) == said


@pytest.mark.parametrize("say", [when, ago, duration, ref])
def test_nothing_is_said_as_a_dash(say: object) -> None:
    assert say(None) == "–"


@pytest.mark.parametrize(
    ("length_s", "words"),
    [
        (0, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"),
        (86_400, "24 h"), (172_800, "2 d"), (1e7, "115 d"),
    ],
)  # fmt: skip
def test_a_length_of_time_is_said_in_its_largest_unit(length_s: float, words: str) -> None:
    assert duration(timedelta(seconds=length_s)) == duration(length_s) == words


def test_past_and_future_are_told_apart() -> None:
    now = django_timezone.now()

    assert ">4 min ago</time>" in ago(now - timedelta(minutes=4, seconds=30))
    assert ">in 23 h</time>" in ago(now + timedelta(hours=23, minutes=30))


def test_what_is_done_next_is_never_in_the_past() -> None:
    now = django_timezone.now()

    assert upcoming(None) == upcoming(now) == upcoming(now - timedelta(hours=1)) == "soon"
    assert ">in 23 h</time>" in upcoming(now + timedelta(hours=23, minutes=30))


@pytest.mark.parametrize(
    ("word", "tone", "html"),
    [
        ("sandbox", "off", '<span class="badge sandbox">sandbox</span>'),
        ("sandbox", "bad", '<span class="badge sandbox">sandbox</span>'),
        (ORDERS["paid"], "off", '<span class="badge ok">paid</span>'),
        (ORDERS["needs_review"], "off", '<span class="badge bad">needs review</span>'),
        ("something_new", "off", '<span class="badge off">something new</span>'),
        ("new payee", "wait", '<span class="badge wait">new payee</span>'),
        ("<b>", "off", '<span class="badge off">&lt;b&gt;</span>'),
        ("", "off", ""),
        (None, "off", ""),
    ],
)
def test_a_badge_has_the_shape_of_its_meaning(
    word: str | OperatorWords | None, tone: str, html: str
) -> None:
    assert badge(word, tone) == html


def test_a_long_reference_is_short_for_the_eye_and_whole_for_the_clipboard() -> None:
    said = ref(REFERENCE)

    text = said.replace("</span>", "").split(">", 1)[1].replace('<span class="ref-cut">', "")
    assert text == REFERENCE
    assert f'title="{REFERENCE}"' in said
    assert said.index("ref-cut") > said.index("ord_01k9m")


def test_a_short_reference_stays_as_it_is() -> None:
    assert ref("evt_1Q2x") == '<span class="ref">evt_1Q2x</span>'


def test_a_reference_from_outside_is_escaped() -> None:
    assert "<script>" not in ref("cs_test_<script>alert(1)</script>xxxxxxxxxxxxxxxxxxx")


def test_money_is_said_in_the_templates_without_loading_anything() -> None:
    page = Template("{{ 100|money:'USD' }} {{ 100|figure:'USD' }} {{ none|money:'USD' }}")

    assert page.render(Context({"none": None})) == "$1.00 USD $1.00 –"
    assert money(None, "USD") == "–"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("the bank said no", "The bank said no."),
        ("can’t be read.", "Can’t be read."),
        ("payment_booked: bad refs", "payment_booked: bad refs."),
        ("checkout.session.completed: KeyError", "checkout.session.completed: KeyError."),
        ("", ""),
    ],
)
def test_a_sentence_keeps_the_case_of_names(words: str, said: str) -> None:
    assert sentence(words) == said


def test_a_day_is_said_as_everywhere() -> None:
    assert spelled_day("2026-11-02") == spelled_day(date(2026, 11, 2)) == "2 Nov 2026"
    assert spelled_day("") == "–"


def test_how_long_something_lasts_is_not_how_long_ago_it_was() -> None:
    assert ">for 4 min</time>" in since(django_timezone.now() - timedelta(minutes=4, seconds=30))
