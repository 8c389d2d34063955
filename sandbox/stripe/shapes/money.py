"""Fees, smallest charges, and how amounts are written."""

from decimal import Decimal, InvalidOperation
from typing import Final

ZERO_DECIMAL: Final = frozenset(
    {
        "bif",
        "clp",
        "djf",
        "gnf",
        "jpy",
        "kmf",
        "krw",
        "mga",
        "pyg",
        "rwf",
        "vnd",
        "vuv",
        "xaf",
        "xof",
        "xpf",
    }
)
THREE_DECIMAL: Final = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
SYMBOLS: Final = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}
SMALLEST_CHARGE_MINOR: Final = {"usd": 50, "eur": 50, "gbp": 30, "jpy": 50}
FEE_PER_MILLE: Final = 29
FEE_FIXED_MINOR: Final = 30
DISPUTE_FEE_MINOR: Final = 1_500


def decimals(currency: str) -> int:
    """How many digits stand after the point."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def formatted(amount_minor: int, currency: str) -> str:
    """``$1.00 USD``, ``¥500 JPY``: a sum as a buyer reads it."""
    places = decimals(currency)
    sign = "−" if amount_minor < 0 else ""  # the minus sign, as the shop's own pages have it
    number = f"{abs(amount_minor) / 10**places:,.{places}f}"
    return f"{sign}{SYMBOLS.get(currency, '')}{number} {currency.upper()}"


def plain(amount_minor: int, currency: str) -> str:
    """``1.00``: a sum as a person types it."""
    places = decimals(currency)
    return f"{amount_minor / 10**places:.{places}f}"


def minor_units(typed: str, currency: str) -> int:
    """Read ``1.00`` or ``1``, exactly. Raises ValueError."""
    places = decimals(currency)
    try:
        amount = Decimal(typed.strip()).scaleb(places)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount != amount.to_integral_value():
        raise ValueError(f"{typed!r} is no amount of {currency.upper()}; type it like 1.00.")
    return int(amount)


def processing_fee_minor(amount_minor: int) -> int:
    """2.9 % rounded half up, plus 30 minor units."""
    return (amount_minor * FEE_PER_MILLE + 500) // 1_000 + FEE_FIXED_MINOR
