"""What a person types about what they want to hear."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django import forms

from notices.policy import UTC_NAME, zone_of
from notices.queries.preferences import (
    Choice,
    mutable_kinds,
    possible_deputies,
    time_zones,
)

NOBODY: Final = ("", "Nobody")
A_DAY: Final = timedelta(days=1)
BOTH_TIMES: Final = "Enter both times, or neither."
NOT_THE_SAME: Final = "Enter another time than the first."
A_DEPUTY_AND_DAYS: Final = "Choose who stands in for you, and both days."
ENDS_LATER: Final = "Choose the first day or a later one."


def _time(label: str) -> forms.TimeField:
    return forms.TimeField(
        label=label,
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        input_formats=["%H:%M", "%H:%M:%S"],
        error_messages={"invalid": "Enter a time, e.g. 22:00."},
    )


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": "Choose a day, e.g. 2026-12-24."},
    )


class PreferencesForm(forms.Form):
    """Which mails, at which hours, and who stands in."""

    hears = forms.MultipleChoiceField(
        label="Mail me", required=False, choices=(), widget=forms.CheckboxSelectMultiple
    )
    time_zone = forms.ChoiceField(
        label="Time zone", choices=(), help_text="Deadlines are said in UTC and in this one."
    )
    quiet_from = _time("No reminders from")
    quiet_until = _time("No reminders until")
    deputy = forms.TypedChoiceField(
        label="Stands in for you while you are away",
        required=False,
        coerce=int,
        empty_value=None,
        choices=(),
    )
    deputy_from = _day("First day away")
    deputy_until = _day("Last day away")

    def __init__(self, *args: Any, user_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hears"].choices = mutable_kinds()  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["time_zone"].choices = [(name, name) for name in time_zones()]  # type: ignore[attr-defined]  # likewise
        self.fields["deputy"].choices = [NOBODY, *possible_deputies(user_id)]  # type: ignore[attr-defined]  # likewise

    def clean(self) -> dict[str, Any]:
        """Refuse half of a pair."""
        said = self.cleaned_data
        begins, ends = said.get("quiet_from"), said.get("quiet_until")
        if (begins is None) != (ends is None):
            self.add_error("quiet_until", BOTH_TIMES)
        elif begins is not None and begins == ends:
            self.add_error("quiet_until", NOT_THE_SAME)
        away = [said.get(name) for name in ("deputy", "deputy_from", "deputy_until")]
        if any(each is None for each in away) and any(each is not None for each in away):
            self.add_error("deputy", A_DEPUTY_AND_DAYS)
        elif away[1] is not None and away[2] is not None and away[2] < away[1]:
            self.add_error("deputy_until", ENDS_LATER)
        return said

    @property
    def choice(self) -> Choice:
        """Return what was chosen; days begin and end by the clock of the time zone."""
        said = self.cleaned_data
        zone, last = said["time_zone"], said["deputy_until"]
        return Choice(
            muted=tuple(kind for kind, _words in mutable_kinds() if kind not in said["hears"]),
            time_zone=zone,
            quiet_from=said["quiet_from"],
            quiet_until=said["quiet_until"],
            deputy_id=said["deputy"],
            deputy_from=_begin_of(said["deputy_from"], zone),
            deputy_until=_begin_of(last + A_DAY if last else None, zone),
        )


def initial_of(choice: Choice) -> dict[str, Any]:
    """Return what the form shows of a choice."""
    zone = zone_of(choice.time_zone)
    first, after = choice.deputy_from, choice.deputy_until
    return {
        "hears": [kind for kind, _words in mutable_kinds() if kind not in choice.muted],
        "time_zone": choice.time_zone or UTC_NAME,
        "quiet_from": choice.quiet_from,
        "quiet_until": choice.quiet_until,
        "deputy": choice.deputy_id,
        "deputy_from": first and first.astimezone(zone).date(),
        "deputy_until": after and after.astimezone(zone).date() - A_DAY,
    }


def _begin_of(day: date | None, zone: str) -> datetime | None:
    if day is None:
        return None
    return datetime.combine(day, time(), tzinfo=zone_of(zone)).astimezone(UTC)
