"""What a person types when they refuse, or take an approval back."""

from __future__ import annotations

from django import forms

from approvals.enums import RequestState
from kernel.modes import Mode
from kernel.texts import WordsField


class RefuseForm(forms.Form):
    """A reason, and whether the agent may read it."""

    reason = WordsField(label="Reason, if you refuse", required=False, max_length=500)
    tells_the_agent = forms.BooleanField(label="Tell the agent the reason", required=False)


class RevokeForm(forms.Form):
    """A reason."""

    reason = WordsField(label="Reason", required=False, max_length=500)


class RequestFilterForm(forms.Form):
    """The list of all requests, narrowed."""

    state = forms.ChoiceField(
        choices=[("", "Any status"), *RequestState.choices], required=False, label="Status"
    )
    mode = forms.ChoiceField(
        choices=[("", "Any environment"), *Mode.choices], required=False, label="Environment"
    )
