"""What narrows the list of refunds, and what a person says of one that was paid another way."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from kernel.modes import Mode
from kernel.money import Money
from revenue.enums import PaidBy, RefundStanding
from revenue.forms.reasons import reason_field


class RefundFilterForm(forms.Form):
    """Which refunds to list."""

    standing = forms.ChoiceField(
        label="State", required=False, choices=[("", "Any state"), *RefundStanding.choices]
    )
    mode = forms.ChoiceField(
        label="Mode", required=False, choices=[("", "Any mode"), *Mode.choices]
    )


class PaidElsewhereForm(forms.Form):
    """How much the buyer got, how, and why not by Stripe."""

    amount = forms.CharField(
        label="Amount paid",
        max_length=20,
        error_messages={"required": "Enter the amount."},
        widget=forms.TextInput(
            attrs={"inputmode": "decimal", "autocomplete": "off", "class": "money"}
        ),
    )
    paid_by = forms.ChoiceField(
        label="How", choices=[(way.value, way.label.capitalize()) for way in PaidBy]
    )
    reason = reason_field()
    record_ref = forms.CharField(widget=forms.HiddenInput, max_length=40)

    def __init__(self, *args: Any, owed: Money, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owed = owed
        self.fields["amount"].help_text = f"Up to {owed}, e.g. {owed.decimal()}."

    def clean_amount(self) -> Money:
        """Read the typed sum, exactly; what is owed at this moment the use-case knows."""
        try:
            amount = Money.parse(self.cleaned_data["amount"], currency=self.owed.currency)
        except ValueError as error:
            raise ValidationError(f"{str(error).capitalize()}.") from error
        if amount.amount_minor <= 0:
            raise ValidationError(f"Enter an amount up to {self.owed}.")
        return amount
