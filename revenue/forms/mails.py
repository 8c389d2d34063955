"""What a buyer types to find an order, and how operators narrow the outbox."""

from __future__ import annotations

from django import forms

from kernel.modes import Mode
from revenue.enums import MailKind, MailState


class OrderLinkForm(forms.Form):
    """An address to send links to."""

    email = forms.EmailField(
        label="Your e-mail address",
        max_length=254,
        help_text="The one you gave when you paid.",
        error_messages={"required": "Write the address that you gave when you paid."},
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
    )

    def clean_email(self) -> str:
        """Strip what a phone's keyboard adds."""
        return str(self.cleaned_data["email"]).strip()


class OutboxFilterForm(forms.Form):
    """Which mails to list."""

    state = forms.ChoiceField(
        label="State", required=False, choices=[("", "Any state"), *MailState.choices]
    )
    kind = forms.ChoiceField(
        label="What it says", required=False, choices=[("", "Anything"), *MailKind.choices]
    )
    mode = forms.ChoiceField(
        label="Mode", required=False, choices=[("", "Any mode"), *Mode.choices]
    )
