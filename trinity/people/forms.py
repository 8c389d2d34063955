"""What an owner types about people."""

from __future__ import annotations

from django import forms

from kernel.texts import LineField
from trinity.roles import OPERATOR, ROLE_WORDS

ROLE_CHOICES = [(role, f"{role.capitalize()}: {words}") for role, words in ROLE_WORDS.items()]


class RoleForm(forms.Form):
    """One of the roles."""

    role = forms.ChoiceField(choices=ROLE_CHOICES, widget=forms.RadioSelect, label="Role")


class InvitationForm(forms.Form):
    """Whom to invite, and as what."""

    email = forms.EmailField(
        label="E-mail",
        max_length=254,
        help_text="The invitation goes there, and it is what they log in with.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    first_name = LineField(label="First name", max_length=150)
    last_name = LineField(label="Last name", max_length=150, required=False)
    role = forms.ChoiceField(
        choices=ROLE_CHOICES, widget=forms.RadioSelect, label="Role", initial=OPERATOR
    )
