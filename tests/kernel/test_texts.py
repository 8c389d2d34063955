"""What people type for others to read reads as it was written."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from crm.policy import plain
from kernel.texts import LineField, WordsField, lines, one_line, readable


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("\u202eevil", "evil"),  # shown, it would read "live"
        ("\u2066a\u2069\u200e\u200f\u061cb", "ab"),
        ("zero\u200bwidth\ufeff\u2060", "zerowidth"),
        ("bell\a and escape\x1b[2J", "bell and escape[2J"),
        ("two\r\n\tlines", "two\r\n\tlines"),
        ("Größe ½ ™ 你好 \U0001f469\u200d\U0001f4bb", "Größe ½ ™ 你好 \U0001f469\u200d\U0001f4bb"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_what_turns_a_text_around_or_hides_in_it_is_gone(typed: str, read: str) -> None:
    assert readable(typed) == read
    assert WordsField().clean(typed) == read


FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
NEWER = "\U0001fae9 \U000105c0 \U00011380"  # letters of Unicode 15 and 16


@pytest.mark.parametrize(
    "written", ["می\u200cخواهم", "ന്\u200d", FAMILY, ENGLAND, NEWER, "\u2764\ufe0f", "\ue000"]
)
def test_what_is_a_letter_of_somebodys_stays_behind_every_door(written: str) -> None:
    assert readable(written) == written
    assert one_line(written) == written
    assert lines(written) == written
    assert plain(written, chars_max=200) == written
    assert WordsField().clean(written) == written


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("A\u200dda \u200cL", "Ada L"),  # joins nothing, hides in a name
        ("\u200dAda\u202e\u200d", "Ada"),
        ("Ada\U000e0049\U000e0067", "Ada"),  # words that only programs read
        ("\U0001f3f4\U000e0049\U000e0067", "\U0001f3f4"),
        ("A\u00adda\u180e\ufff9", "Ada"),
        ("A\r\nd\ta\0\x85!", "A d a !"),
        ("Ada\ud83d", "Ada"),
        ("\u2067Ada\u2069", "Ada"),
    ],
)
def test_what_only_hides_is_gone_behind_every_door(written: str, read: str) -> None:
    assert one_line(written) == read
    assert plain(written, chars_max=200) == read
    assert one_line(one_line(written)) == read


@given(st.text(max_size=60))
def test_what_was_read_once_reads_the_same(written: str) -> None:
    for read in (readable, one_line, lines):
        assert read(read(written)) == read(written)


def test_what_nobody_could_read_was_not_typed() -> None:
    field = WordsField(max_length=3)

    with pytest.raises(ValidationError):
        field.clean("\u202e \u200b")
    assert field.clean("\u202e abc \u200b") == "abc"


@pytest.mark.parametrize(
    "typed", ["two\r\nlines", "two\nlines", "two\t\x1c \x85lines", " two  lines\n"]
)
def test_a_line_is_one_line(typed: str) -> None:
    assert (one_line(typed), LineField().clean(typed)) == ("two lines", "two lines")
