"""What a buyer typed on the hosted page, and what is wrong with it, in words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from sandbox.stripe.behaviour.payments import Buyer
from sandbox.stripe.shapes.cards import BY_NUMBER, Card, digits, grouped, passes_luhn

EMAIL_FORM: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
EXPIRY_FORM: Final = re.compile(r"(\d{1,2})\s*/?\s*(\d{2}|\d{4})")
FIELD_CHARS_MAX: Final = 254
YEARS_AHEAD_MAX: Final = 30
FIELDS: Final = ("email", "name", "number", "expiry", "cvc")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutForm:
    """Typed values by field, errors by field, and what they amount to when there are none."""

    values: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)
    banner: str | None = None
    card: Card | None = None
    exp_month: int = 12
    exp_year: int = 2034

    @classmethod
    def blank(cls, *, email: str = "") -> "CheckoutForm":
        """An untouched form."""
        return cls(values={**dict.fromkeys(FIELDS, ""), "email": email})

    @property
    def buyer(self) -> Buyer:
        """Who pays."""
        return Buyer(
            email=self.values["email"],
            name=self.values["name"],
            exp_month=self.exp_month,
            exp_year=self.exp_year,
        )

    def refused(self, message: str) -> "CheckoutForm":
        """The same form after the bank said no: the security code must be typed again."""
        return replace(self, values={**self.values, "cvc": ""}, banner=message)


def read_checkout_form(tree: Mapping[str, Any], *, now: int, is_free: bool) -> CheckoutForm:
    """Check every field; an empty ``errors`` means it can be paid."""
    values = {name: _typed(tree, name) for name in FIELDS}
    values["number"] = grouped(values["number"])
    errors: dict[str, str] = {}
    if not EMAIL_FORM.fullmatch(values["email"]):
        errors["email"] = "Enter an e-mail address like name@example.com."
    if not values["name"]:
        errors["name"] = "Enter the name on the card." if not is_free else "Enter your name."
    if is_free:
        return CheckoutForm(values=values, errors=errors)
    card = _read_number(values["number"], errors)
    month, year = _read_expiry(values["expiry"], errors, now=now)
    if not (values["cvc"].isdecimal() and len(values["cvc"]) == 3):
        errors["cvc"] = "Enter the 3 digits of the security code; any will do."
    return CheckoutForm(values=values, errors=errors, card=card, exp_month=month, exp_year=year)


def _typed(tree: Mapping[str, Any], name: str) -> str:
    value = tree.get(name, "")
    return value.strip()[:FIELD_CHARS_MAX] if isinstance(value, str) else ""


def _read_number(text: str, errors: dict[str, str]) -> Card | None:
    number = digits(text)
    card = BY_NUMBER.get(number)
    if card is not None:
        return card
    if not number:
        errors["number"] = "Enter a test card number, for example 4242 4242 4242 4242."
    elif not number.isdecimal() or not passes_luhn(number):
        errors["number"] = "This is not a card number: please check the digits."
    else:
        errors["number"] = (
            "Only the test numbers listed on this page work here."
            " Never type a real card number: nothing was charged."
        )
    return None


def _read_expiry(text: str, errors: dict[str, str], *, now: int) -> tuple[int, int]:
    today = datetime.fromtimestamp(now, tz=UTC)
    match = EXPIRY_FORM.fullmatch(text)
    if match is None:
        errors["expiry"] = "Enter the expiry as MM / YY, for example 12 / 34."
        return 0, 0
    month, year = int(match[1]), int(match[2])
    year += 2000 if year < 100 else 0
    if not 1 <= month <= 12:
        errors["expiry"] = "The month must be from 01 to 12."
    elif (year, month) < (today.year, today.month):
        errors["expiry"] = "This date has passed: enter one in the future."
    elif year > today.year + YEARS_AHEAD_MAX:
        errors["expiry"] = "This date is too far away: please check the year."
    return month, year
