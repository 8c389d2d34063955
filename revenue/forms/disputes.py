"""What narrows the list of disputes."""

from __future__ import annotations

from django import forms

from kernel.modes import Mode
from revenue.enums import DisputeFilter


class DisputeFilterForm(forms.Form):
    """Which disputes to list."""

    standing = forms.ChoiceField(
        label="State", required=False, choices=[("", "Any state"), *DisputeFilter.choices]
    )
    mode = forms.ChoiceField(
        label="Mode", required=False, choices=[("", "Any mode"), *Mode.choices]
    )
