"""What a person types about an order: a refund, a verdict."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from kernel.money import Money
from kernel.references import is_reference
from revenue.enums import ReviewVerdict
from revenue.forms.reasons import reason_field
from revenue.policy import off_step


class RefundForm(forms.Form):
    """A sum that a person typed, digit by digit, and why it goes back."""

    amount = forms.CharField(
        label="Amount to refund",
        max_length=20,
        error_messages={"required": "Type the amount."},
        widget=forms.TextInput(
            attrs={"inputmode": "decimal", "autocomplete": "off", "class": "money"}
        ),
    )
    reason = reason_field()
    request_ref = forms.CharField(widget=forms.HiddenInput, max_length=40)
    seen = forms.CharField(widget=forms.HiddenInput, max_length=20)

    def __init__(
        self, *args: Any, paid: Money, refundable: Money, is_all: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        # The use-case knows what may go back at this moment; a repeated form must reach it.
        self.paid = paid
        self.fields["amount"].help_text = (
            f"Type {refundable.decimal()}: all of it is refunded."
            if is_all
            else f"Up to {refundable}, e.g. {refundable.decimal()}."
        )

    def _money(self, field: str) -> Money:
        try:
            return Money.parse(self.cleaned_data[field], currency=self.paid.currency)
        except ValueError as error:
            raise ValidationError(f"{str(error).capitalize()}.") from error

    def clean_amount(self) -> Money:
        """Read the typed sum, exactly."""
        amount = self._money("amount")
        if not 0 < amount.amount_minor <= self.paid.amount_minor:
            raise ValidationError(f"Enter an amount up to {self.paid}.")
        if problem := off_step(amount):
            raise ValidationError(f"{problem[:1].upper()}{problem[1:]}.")
        return amount

    def clean_seen(self) -> Money:
        """Read what the page said could go back."""
        return self._money("seen")

    def clean_request_ref(self) -> str:
        """Take only a reference of the form's own kind."""
        reference = str(self.cleaned_data["request_ref"])
        if not (is_reference(reference) and reference.startswith("rfq_")):
            raise ValidationError("This form is not one of ours; open the page again.")
        return reference


class VerdictForm(forms.Form):
    """A verdict that moves no money, and its reason."""

    verdict = forms.ChoiceField(
        choices=[
            (verdict.value, verdict.label)
            for verdict in (ReviewVerdict.ACCEPTED, ReviewVerdict.NOT_OURS)
        ],
        widget=forms.HiddenInput,
    )
    reason = reason_field()
