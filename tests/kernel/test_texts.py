"""What people type for others to read reads as it was written."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from kernel.texts import LineField, WordsField, one_line, readable


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
