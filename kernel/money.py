"""Money: whole minor units and an ISO 4217 currency, never a float."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Self

from babel.core import get_global
from babel.numbers import get_currency_symbol

# CLDR knows more currencies that are paid in whole units than Stripe counts in whole units; what
# we store is Stripe's amount. (UGX is left out: Stripe lists it, but counts it in hundredths.)
# https://docs.stripe.com/currencies#zero-decimal and #special-cases
# fmt: off
STRIPE_WHOLE = frozenset([
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF",
    "XOF", "XPF",
])
# fmt: on
# Counted in hundredths or thousandths, and taken in larger steps only. Same source.
WHOLE_IN_HUNDREDTHS = frozenset(["ISK", "UGX"])
TWO_DECIMALS = 2  # what Stripe counts in unless it says otherwise
MINUS = "−"  # people read the minus sign; what they type and machines exchange has a hyphen
WHOLE_DIGITS_MAX = 14  # whole units a person may type; in minor units it still fits a bigint


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies met. They are never added or compared."""


@cache
def exponent(currency: str) -> int:
    """Return how many decimals Stripe's amounts of ``currency`` have (JPY 0, USD 2, KWD 3).

    Raises ValueError for a code that CLDR does not know.
    """
    if currency not in get_global("all_currencies"):
        raise ValueError(f"{currency!r} is not an ISO 4217 currency")
    fractions = get_global("currency_fractions")
    places = int(fractions.get(currency, fractions["DEFAULT"])[0])
    return places if places or currency in STRIPE_WHOLE else TWO_DECIMALS


@cache
def step_minor(currency: str) -> int:
    """Return of what Stripe's amounts of ``currency`` must be multiples, in minor units.

    10 with three decimals, 100 where hundredths are written and not used, else 1.
    """
    if currency in WHOLE_IN_HUNDREDTHS:
        return 100
    return 10 if exponent(currency) == 3 else 1


@cache
def _symbol(currency: str) -> str:
    return str(get_currency_symbol(currency, locale="en_US"))


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in whole minor units (cents for USD, yen for JPY) of one currency."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        if isinstance(self.amount_minor, bool) or not isinstance(self.amount_minor, int):
            raise TypeError(f"amount_minor must be a whole number, not {self.amount_minor!r}")
        exponent(self.currency)

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Return nothing, in ``currency``."""
        return cls(0, currency)

    @classmethod
    def total(cls, amounts: Iterable[Money], *, currency: str) -> Money:
        """Add ``amounts``, all in ``currency``; the empty sum is zero."""
        return sum(amounts, start=Money.zero(currency))

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} met {other.currency}")
        return other.amount_minor

    def __add__(self, other: Money) -> Money:
        return Money(self.amount_minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount_minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount_minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount_minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount_minor <= self._same(other)

    def __str__(self) -> str:
        """Return the amount in words people read: ``$1.00 USD``, ``¥150 JPY``, ``1.00 CHF``."""
        return f"{self.beside_code()} {self.currency}"

    def figure(self) -> str:
        """Return the amount with its symbol only: ``$1.00``; a code is one where no other is."""
        return self._formatted(_symbol(self.currency))

    def beside_code(self) -> str:
        """Return the amount as it stands beside its code: ``$1.00``, and ``1.00`` of CHF."""
        symbol = _symbol(self.currency)
        return self._formatted("" if symbol == self.currency else symbol)

    def _formatted(self, symbol: str) -> str:
        whole, point, part = self.decimal().lstrip("-").partition(".")
        sign = MINUS if self.amount_minor < 0 else ""
        return f"{sign}{symbol}{int(whole):,}{point}{part}"

    @property
    def is_in_steps(self) -> bool:
        """Say whether Stripe takes this amount, as far as its last digits go."""
        return self.amount_minor % step_minor(self.currency) == 0

    def decimal(self) -> str:
        """Return the plain decimal number a person would type: ``1.00``."""
        places = exponent(self.currency)
        sign = "-" if self.amount_minor < 0 else ""
        digits = str(abs(self.amount_minor)).rjust(places + 1, "0")
        return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"

    @classmethod
    def parse(cls, text: str, *, currency: str) -> Self:
        """Read what a person typed (``1``, ``1.5``, ``1.00``), exactly.

        Raises ValueError for anything else: a sign, thousands separators, too many decimals.
        """
        whole, _, part = text.strip().partition(".")
        places = exponent(currency)
        digits_only = (whole + part).isascii() and whole.isdigit() and (part or "0").isdigit()
        is_too_long = len(part) > places or len(whole) > WHOLE_DIGITS_MAX
        if not digits_only or is_too_long or text.strip().endswith("."):
            raise ValueError(f"write the amount like {cls(12 * 10**places, currency).decimal()}")
        return cls(int(whole + part.ljust(places, "0")), currency)
