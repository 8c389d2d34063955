"""What a list of tool calls may be narrowed by."""

from __future__ import annotations

from django import forms

from kernel.modes import Mode
from toolrouter.enums import CallState
from toolrouter.vocabulary import Code


class CallFilterForm(forms.Form):
    """State, reason, environment, run; all optional, all by their exact value."""

    state = forms.ChoiceField(
        required=False, label="Status", choices=[("", "Any status"), *CallState.choices]
    )
    code = forms.ChoiceField(
        required=False,
        label="Denied because",
        choices=[
            ("", "Any reason"),
            *((code.value, code.value.replace("_", " ")) for code in Code),
        ],
    )
    mode = forms.ChoiceField(
        required=False, label="Environment", choices=[("", "Any environment"), *Mode.choices]
    )
    run = forms.CharField(max_length=40, required=False, label="Run reference", strip=True)
