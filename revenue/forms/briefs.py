"""What a buyer tells us about their order."""

from __future__ import annotations

from typing import Final

from django import forms

from fulfillment.operations import BriefWords
from kernel.texts import LineField, lines

COMPANY_CHARS_MAX, WEBSITE_CHARS_MAX, QUESTION_CHARS_MAX = 200, 300, 2000
QUESTION_CHARS_MIN: Final = 10


class BriefForm(forms.Form):
    """Which company the snapshot is about, and which question it answers."""

    company = LineField(
        label="Company",
        max_length=COMPANY_CHARS_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        error_messages={"required": "Tell us which company this is about."},
    )
    website = LineField(
        label="Website",
        required=False,
        max_length=WEBSITE_CHARS_MAX,
        widget=forms.TextInput(
            attrs={"autocomplete": "url", "inputmode": "url", "spellcheck": "false"}
        ),
    )
    question = forms.CharField(
        label="What should we look at?",
        min_length=QUESTION_CHARS_MIN,
        max_length=QUESTION_CHARS_MAX,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Tell us what you would like to know."},
    )

    def clean_question(self) -> str:
        """Return it in lines that can be read and stored."""
        question = lines(self.cleaned_data["question"])
        if not question:
            raise forms.ValidationError("Tell us what you would like to know.")
        return question

    def words(self) -> BriefWords:
        """Return what was answered."""
        return BriefWords(**self.cleaned_data)
