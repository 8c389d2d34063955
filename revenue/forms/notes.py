"""A note about an order."""

from __future__ import annotations

from django import forms

from kernel.texts import WordsField
from revenue.models.notes import NOTE_CHARS_MAX


class OrderNoteForm(forms.Form):
    """What a person writes down, and about which refund or dispute."""

    words = WordsField(
        label="Note",
        max_length=NOTE_CHARS_MAX,
        error_messages={"required": "A note needs words."},
        help_text="For your colleagues; the buyer does not read it.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    about = forms.CharField(required=False, max_length=255, widget=forms.HiddenInput)
