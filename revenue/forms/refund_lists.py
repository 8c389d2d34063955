"""What narrows the list of refunds, and what a person records of money that Stripe did not move."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from kernel.modes import Mode
from kernel.money import Money
from revenue.enums import ExcessSettledBy, PaidBy, RefundFilter
from revenue.forms.reasons import reason_field


class RefundFilterForm(forms.Form):
    """Which refunds to list."""

    standing = forms.ChoiceField(
        label="State", required=False, choices=[("", "Any state"), *RefundFilter.choices]
    )
    mode = forms.ChoiceField(
        label="Mode", required=False, choices=[("", "Any mode"), *Mode.choices]
    )


class _RecordForm(forms.Form):
    """A sum up to a limit, and why; how it moved says the form for the case."""

    amount = forms.CharField(
        label="Amount",
        max_length=20,
        error_messages={"required": "Enter the amount."},
        widget=forms.TextInput(
            attrs={"inputmode": "decimal", "autocomplete": "off", "class": "money"}
        ),
    )
    reason = reason_field()
    record_ref = forms.CharField(widget=forms.HiddenInput, max_length=40)

    def __init__(self, *args: Any, limit: Money, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limit = limit
        self.fields["amount"].help_text = f"Up to {limit}, e.g. {limit.decimal()}."

    def clean_amount(self) -> Money:
        """Read the typed sum, exactly; the limit at this moment the use-case knows."""
        try:
            amount = Money.parse(self.cleaned_data["amount"], currency=self.limit.currency)
        except ValueError as error:
            raise ValidationError(f"{str(error).capitalize()}.") from error
        if amount.amount_minor <= 0:
            raise ValidationError(f"Enter an amount up to {self.limit}.")
        return amount


class PaidElsewhereForm(_RecordForm):
    """How much the buyer got, how, and why not by Stripe."""

    field_order = ("amount", "paid_by")
    paid_by = forms.ChoiceField(
        label="How", choices=[(way.value, way.label.capitalize()) for way in PaidBy]
    )


class ExcessForm(_RecordForm):
    """How much of an over-refund was returned, and how, or is written off."""

    field_order = ("amount", "settled_by")
    settled_by = forms.ChoiceField(
        label="What became of it",
        choices=[
            (ExcessSettledBy.BANK_TRANSFER, "Returned by bank transfer"),
            (ExcessSettledBy.CASH, "Returned in cash"),
            (ExcessSettledBy.OTHER, "Returned another way"),
            (ExcessSettledBy.WRITTEN_OFF, "Written off: the buyer keeps it"),
        ],
        help_text="If a refund recorded as paid another way was never paid, choose “Returned” and "
        "the way that was recorded.",
    )
