"""What an owner says about a provider that no programme can test."""

from __future__ import annotations

from django import forms


class ConfirmForm(forms.Form):
    """That it was meant."""

    is_sure = forms.BooleanField(label="I have checked this myself and confirm it under my name.")
