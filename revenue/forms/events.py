"""What narrows the list of Stripe events."""

from __future__ import annotations

from django import forms

from kernel.modes import Mode
from revenue.enums import EventState


class EventFilterForm(forms.Form):
    """State, type, mode and day."""

    state = forms.ChoiceField(
        required=False, label="State", choices=[("", "Any state"), *EventState.choices]
    )
    type = forms.CharField(
        required=False,
        label="Type",
        max_length=100,
        widget=forms.TextInput(
            attrs={
                "list": "event-types",
                "placeholder": "checkout.session.completed",
                "autocomplete": "off",
                "spellcheck": "false",
            }
        ),
    )
    mode = forms.ChoiceField(
        required=False, label="Mode", choices=[("", "Any mode"), *Mode.choices]
    )
    day = forms.DateField(
        required=False,
        label="Received on (UTC)",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
