"""Why somebody does what no one can take back."""

from __future__ import annotations

from typing import Final

from django import forms

from kernel.texts import WordsField

REASON_CHARS_MAX: Final = 500


def reason_field() -> WordsField:
    """Return the field for a reason, with sentences for what may be wrong with one."""
    return WordsField(
        label="Why?",
        max_length=REASON_CHARS_MAX,
        error_messages={
            "required": "Say why, in a few words.",
            "max_length": "Too long: it has %(show_value)d characters, "
            "and %(limit_value)d are kept. Shorten it.",
        },
        help_text="For your colleagues and the books; the buyer does not read it.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ReasonForm(forms.Form):
    """A reason alone; the button says for what."""

    reason = reason_field()
