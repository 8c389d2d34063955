"""What a person types about an alert: until when it sleeps, who looks after it; and the filters."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django import forms

from notices.queries.alerts import people_for_alerts

NOBODY = ("", "Nobody")


class SnoozeForm(forms.Form):
    """The day on which an alert comes back."""

    until = forms.DateField(
        label="Snooze until",
        error_messages={"required": "Choose a day.", "invalid": "Choose a day, e.g. 2026-12-24."},
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        help_text="It comes back on that day at 00:00 UTC.",
    )

    def clean_until(self) -> datetime:
        """Read the day as the moment at which it begins."""
        day: date = self.cleaned_data["until"]
        return datetime(day.year, day.month, day.day, tzinfo=UTC)


class AssignForm(forms.Form):
    """Who looks after an alert."""

    to = forms.TypedChoiceField(
        label="Assigned to", required=False, coerce=int, empty_value=None, choices=()
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to"]
        field.choices = [NOBODY, *people_for_alerts()]  # type: ignore[attr-defined]  # a ChoiceField
