"""Money: whole minor units of one currency, exact in both directions."""

from __future__ import annotations

from decimal import Decimal

import pytest
from babel.core import get_global
from hypothesis import given
from hypothesis import strategies as st

from kernel.money import CurrencyMismatch, Money, exponent

CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD", "ISK", "HUF", "TWD", "UGX", "KRW"])
MINOR = st.integers(min_value=-(10**15), max_value=10**15)


@given(MINOR, MINOR, MINOR, CURRENCIES)
def test_adding_is_adding_of_whole_numbers(a: int, b: int, c: int, currency: str) -> None:
    one, two, three = Money(a, currency), Money(b, currency), Money(c, currency)

    assert (one + two) + three == one + (two + three)
    assert one + two == two + one
    assert one - two == one + -two
    assert one + Money.zero(currency) == one
    assert Money.total([one, two, three], currency=currency) == Money(a + b + c, currency)


@given(MINOR, MINOR, CURRENCIES)
def test_order_is_that_of_the_amounts(a: int, b: int, currency: str) -> None:
    one, two = Money(a, currency), Money(b, currency)

    assert (one < two, one <= two, one > two, one >= two) == (a < b, a <= b, a > b, a >= b)


@given(st.integers(min_value=0, max_value=10**14 - 1), CURRENCIES)
def test_what_is_written_is_read_back(amount_minor: int, currency: str) -> None:
    money = Money(amount_minor, currency)

    assert Money.parse(money.decimal(), currency=currency) == money


@given(MINOR, CURRENCIES)
def test_the_decimal_is_the_amount_over_its_power_of_ten(amount_minor: int, currency: str) -> None:
    decimal = Money(amount_minor, currency).decimal()

    assert Decimal(decimal) * 10 ** exponent(currency) == amount_minor


@given(MINOR, CURRENCIES)
def test_the_figure_has_the_same_digits_and_names_its_currency(
    amount_minor: int, currency: str
) -> None:
    money = Money(amount_minor, currency)

    digits = [sign for sign in money.figure() if sign.isdigit()]
    assert digits == [sign for sign in money.decimal() if sign.isdigit()]
    assert str(money).endswith(f" {currency}")


@given(st.text(max_size=12))
def test_what_people_type_is_read_exactly_or_refused(text: str) -> None:
    try:
        money = Money.parse(text, currency="USD")
    except ValueError as refusal:
        assert str(refusal) == "write the amount like 12.00"  # noqa: PT017  # either way is right
    else:
        assert Decimal(money.decimal()) == Decimal(text.strip())
        assert text.strip()[0].isdigit()


@pytest.mark.parametrize(
    ("typed", "currency", "amount_minor"),
    [
        ("1", "USD", 100),
        ("1.5", "USD", 150),
        ("1.00", "USD", 100),
        (" 0.01 ", "USD", 1),
        ("0", "USD", 0),
        ("150", "JPY", 150),
        ("1.234", "KWD", 1234),
        ("99999999999999.99", "USD", 9_999_999_999_999_999),
    ],
)
def test_typed_amounts(typed: str, currency: str, amount_minor: int) -> None:
    assert Money.parse(typed, currency=currency) == Money(amount_minor, currency)


@pytest.mark.parametrize(
    ("typed", "currency"),
    [
        ("", "USD"),
        (" ", "USD"),
        (".5", "USD"),
        ("1.", "USD"),
        ("-1", "USD"),
        ("+1", "USD"),
        ("1,000", "USD"),
        ("1_000", "USD"),
        ("1e3", "USD"),
        ("1.005", "USD"),
        ("1.5", "JPY"),
        ("٣", "USD"),
        ("²", "USD"),
        ("1 0", "USD"),
        ("$1", "USD"),
        ("999999999999999", "USD"),
    ],
)
def test_anything_else_is_refused(typed: str, currency: str) -> None:
    with pytest.raises(ValueError, match="write the amount like"):
        Money.parse(typed, currency=currency)


@pytest.mark.parametrize(
    ("money", "said"),
    [
        (Money(100, "USD"), "$1.00 USD"),
        (Money(-1_234_567, "USD"), "−$12,345.67 USD"),
        (Money(150, "JPY"), "¥150 JPY"),
        (Money(1234, "KWD"), "1.234 KWD"),
        (Money(500, "ISK"), "5.00 ISK"),
    ],
)
def test_money_in_words(money: Money, said: str) -> None:
    assert str(money).replace("\xa0", "") == said


def test_a_code_is_said_once() -> None:
    assert str(Money(-20_055, "HUF")) == "−200.55 HUF"
    assert Money(20_055, "HUF").beside_code() == "200.55"
    assert Money(20_055, "HUF").figure().replace("\xa0", "") == "HUF200.55"  # alone it needs it
    assert Money(100, "USD").beside_code() == "$1.00"


@pytest.mark.parametrize("amount", [1.0, "1", True, None, Decimal(1)])
def test_only_whole_numbers_are_amounts(amount: object) -> None:
    with pytest.raises(TypeError):
        Money(amount, "USD")


@pytest.mark.parametrize("currency", ["usd", "US", "XXXX", "", "$"])
def test_only_iso_codes_are_currencies(currency: str) -> None:
    with pytest.raises(ValueError, match="ISO 4217"):
        Money(1, currency)


def test_two_currencies_never_meet() -> None:
    dollar, euro = Money(1, "USD"), Money(1, "EUR")

    for meet in (
        lambda: dollar + euro,
        lambda: dollar - euro,
        lambda: dollar < euro,
        lambda: dollar >= euro,
        lambda: Money.total([euro], currency="USD"),
    ):
        with pytest.raises(CurrencyMismatch):
            meet()
    assert dollar != euro


# https://docs.stripe.com/currencies: what Stripe's amounts count, whatever a country's banks do.
# fmt: off
STRIPE_WHOLE = [
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF",
    "XOF", "XPF",
]
STRIPE_THREE = ["BHD", "JOD", "KWD", "OMR", "TND"]
STRIPE_TWO = [
    "AFN", "ALL", "EUR", "HUF", "IQD", "IRR", "ISK", "LAK", "LBP", "MMK", "RSD", "SOS", "TWD",
    "UGX", "USD", "YER",
]
# fmt: on


@pytest.mark.parametrize(
    ("currencies", "decimals"), [(STRIPE_WHOLE, 0), (STRIPE_TWO, 2), (STRIPE_THREE, 3)]
)
def test_decimals_are_those_of_stripe(currencies: list[str], decimals: int) -> None:
    assert {currency: exponent(currency) for currency in currencies} == dict.fromkeys(
        currencies, decimals
    )


def test_no_other_currency_is_without_decimals() -> None:
    whole = {each for each in get_global("all_currencies") if exponent(each) == 0}
    assert whole == set(STRIPE_WHOLE)
