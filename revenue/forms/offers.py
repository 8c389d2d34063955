"""What an operator types about an offer."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Final

from babel.numbers import get_currency_name
from django import forms
from django.core.exceptions import ValidationError

from kernel.money import Money
from kernel.texts import LineField, WordsField
from revenue.models import Offer
from revenue.operations.offers import OfferWords
from revenue.policy import off_step

# What may be asked for, and the least that Stripe takes, in minor units.
# https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
LEAST_MINOR: Final = MappingProxyType(
    {
        "USD": 50,
        "EUR": 50,
        "GBP": 30,
        "AED": 200,
        "AUD": 50,
        "BRL": 50,
        "CAD": 50,
        "CHF": 50,
        "CZK": 1500,
        "DKK": 250,
        "HKD": 400,
        "HUF": 17500,
        "INR": 50,
        "JPY": 50,
        "KWD": 150,
        "MXN": 1000,
        "MYR": 200,
        "NOK": 300,
        "NZD": 50,
        "PLN": 200,
        "RON": 200,
        "SEK": 300,
        "SGD": 50,
        "THB": 1000,
    }
)
MOST_MINOR: Final = 99_999_999
POLICY_HINT: Final = (
    "Shown before and after the sale. The version a buyer bought under stays on their order page."
)


def _currencies() -> list[tuple[str, str]]:
    return [(code, f"{code}, {get_currency_name(code, locale='en')}") for code in LEAST_MINOR]


class OfferForm(forms.Form):
    """An offer's words and its price. What does not fit is said beside its field."""

    title = LineField(label="Title", max_length=120)
    slug = forms.SlugField(
        label="Address",
        max_length=60,
        help_text="The last part of the offer's address: small letters, digits and hyphens.",
    )
    summary = WordsField(
        label="Summary",
        max_length=600,
        widget=forms.Textarea,
        help_text="One paragraph: what it is and whom it helps.",
    )
    delivered = WordsField(
        label="What the buyer gets",
        max_length=2000,
        widget=forms.Textarea,
        help_text="One thing per line.",
    )
    delivered_within_days = forms.IntegerField(
        label="Delivered within, in working days", min_value=1, max_value=365, initial=2
    )
    amount = forms.CharField(
        label="Price",
        max_length=20,
        help_text="What the buyer pays, tax included. Write it like 1.00, without a currency sign.",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    currency = forms.ChoiceField(label="Currency", choices=_currencies, initial="USD")
    refund_policy = WordsField(
        label="Refund policy", max_length=4000, widget=forms.Textarea, help_text=POLICY_HINT
    )
    is_public = forms.BooleanField(
        label="List it on the public page",
        required=False,
        initial=True,
        help_text="Without the tick it can be bought by whoever has its address.",
    )

    def __init__(self, *args: Any, offer: Offer | None = None, **kwargs: Any) -> None:
        """Show ``offer`` to be changed; the address of a later version is fixed."""
        if offer is not None:
            kwargs.setdefault("initial", _initial(offer))
        super().__init__(*args, **kwargs)
        for name in ("delivered", "refund_policy"):
            self.fields[name].widget.attrs["class"] = "tall"
        if offer is not None and offer.version > 1:
            self.fields["slug"].disabled = True
            self.fields["slug"].help_text = "Every version of an offer has the same address."

    def clean_delivered(self) -> str:
        """Keep the lines that say something."""
        lines = [line.strip() for line in self.cleaned_data["delivered"].splitlines()]
        return "\n".join(line for line in lines if line)

    def clean_summary(self) -> str:
        """Keep line ends as we write them."""
        return _unix_lines(self.cleaned_data["summary"])

    def clean_refund_policy(self) -> str:
        """Keep line ends as we write them: a browser's own would make it another policy."""
        return _unix_lines(self.cleaned_data["refund_policy"])

    def clean_slug(self) -> str:
        """Addresses are lower case, so that nobody mistypes one."""
        return str(self.cleaned_data["slug"]).lower()

    def clean(self) -> dict[str, Any]:
        """Read the price in its currency."""
        cleaned: dict[str, Any] = super().clean() or {}
        if "amount" in cleaned and "currency" in cleaned:
            try:
                cleaned["price"] = _price(cleaned["amount"], currency=cleaned["currency"])
            except ValueError as error:
                self.add_error("amount", ValidationError(_sentence(error)))
        return cleaned

    def words(self) -> OfferWords:
        """Return what was typed, once the form is valid."""
        said = self.cleaned_data
        return OfferWords(
            **{name: said[name] for name in OfferWords.__dataclass_fields__}  # names are the same
        )


def _unix_lines(text: str) -> str:
    return "\n".join(text.splitlines())


def _price(text: str, *, currency: str) -> Money:
    price = Money.parse(text, currency=currency)
    least, most = Money(LEAST_MINOR[currency], currency), Money(MOST_MINOR, currency)
    if price < least:
        raise ValueError(f"the least that Stripe takes is {least}")
    if most < price:
        raise ValueError(f"the most that one payment may be is {most}")
    if problem := off_step(price):
        raise ValueError(problem)
    return price


def _sentence(error: ValueError) -> str:
    words = str(error)
    return f"{words[:1].upper()}{words[1:]}."


def _initial(offer: Offer) -> dict[str, Any]:
    names = ("title", "slug", "summary", "delivered", "delivered_within_days", "refund_policy")
    return {
        **{name: getattr(offer, name) for name in names},
        "is_public": offer.is_public,
        "amount": offer.price.decimal(),
        "currency": offer.currency,
    }
