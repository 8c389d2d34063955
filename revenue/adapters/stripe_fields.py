"""One field of Stripe's JSON each: as it must be, or named with what is wrong about it. Pure.

Absent is neither zero nor false nor 1970, and of an unknown word nothing follows. All raise
UnreadableEvent, whose text names the field and the reason and quotes nothing but code words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from kernel.money import Money
from kernel.texts import one_line, storable
from revenue.ports import BUYER_EMAIL_CHARS_MAX, UnreadableEvent

Object = Mapping[str, Any]
REFERENCE_CHARS_MAX: Final = 500  # what Stripe takes in metadata; ours are shorter
BIGINT_MAX: Final = 2**63 - 1  # of the columns that hold amounts
RATE_MIN, RATE_MAX = 1e-12, 1e12  # what fits its column; no two currencies are further apart
SECONDS_MAX: Final = 253_402_300_799  # the last second of the year 9999
# https://docs.stripe.com/upgrades: none is longer. What has no prefix, no timeline takes either.
ID: Final = re.compile(r"[a-z]{2,6}_[A-Za-z0-9_]{1,248}")
OTHER_ID: Final = re.compile(r"[A-Za-z0-9_]{1,255}")  # old accounts named customers themselves
WORD: Final = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{0,255}")
URL: Final = re.compile(r"[\x21-\x7e]{0,5000}")  # Stripe's carry state of the page: some 500
CODE_WORD: Final = re.compile(r"[a-z0-9_]{1,40}")  # as Stripe writes its enums; safe to quote


def at(data: Object, name: str) -> datetime:
    """Return a time that must be there."""
    found = when(data, name)
    if found is None:
        raise UnreadableEvent(f"{name}: missing")
    return found


def when(data: Object, name: str) -> datetime | None:
    """Return a time that may be absent; 0 is 1970, as anywhere."""
    seconds = data.get(name)
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        raise UnreadableEvent(f"{name}: not whole seconds")
    if not 0 <= seconds <= SECONDS_MAX:
        raise UnreadableEvent(f"{name}: no time between 1970 and 9999")
    return datetime.fromtimestamp(seconds, tz=UTC)


def whole(value: object, name: str, *, is_signed: bool = False) -> int:
    """Return a number of minor units that fits the columns which hold such."""
    if value is None:
        raise UnreadableEvent(f"{name}: missing")
    if isinstance(value, bool) or not isinstance(value, int):
        raise UnreadableEvent(f"{name}: not a whole number of minor units")
    if abs(value) > BIGINT_MAX:
        raise UnreadableEvent(f"{name}: more than can be booked")
    if value < 0 and not is_signed:
        raise UnreadableEvent(f"{name}: less than nothing")
    return value


def money(data: Object, name: str, *, is_signed: bool = False) -> Money:
    """Return an amount that must be there, in the currency beside it."""
    amount_minor = whole(data.get(name), name, is_signed=is_signed)
    currency = data.get("currency")
    if not isinstance(currency, str) or not currency:
        raise UnreadableEvent("currency: missing")
    try:
        return Money(amount_minor, currency.upper())
    except ValueError as error:
        raise UnreadableEvent("currency: none that we know") from error


def rate(data: Object, name: str) -> Decimal | None:
    """Return an exchange rate, which is absent where nothing was converted."""
    value = data.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnreadableEvent(f"{name}: not a number")
    if not RATE_MIN < value < RATE_MAX:
        raise UnreadableEvent(f"{name}: no rate between two currencies")
    return Decimal(str(value))


def own_id(data: Object) -> str:
    """Return the id of the object itself."""
    found = id_of(data, "id")
    if not found:
        raise UnreadableEvent("id: missing" if data.get("id") is None else "id: empty")
    return found


def id_of(data: Object, name: str, *, shape: re.Pattern[str] = ID) -> str:
    """Return the id of something that may be absent, an id, or an expanded object."""
    value = data.get(name)
    if value is None or value == "":
        return ""
    if isinstance(value, Mapping):
        value = value.get("id")
    if not isinstance(value, str) or not shape.fullmatch(value):
        raise UnreadableEvent(f"{name}: no id of Stripe's")
    return value


def said(data: Object, name: str) -> str:
    """Return a word of Stripe's that must be there."""
    if not data.get(name):
        raise UnreadableEvent(f"{name}: missing")
    return word(data, name)


def word(data: Object, name: str) -> str:
    """Return a word of Stripe's that may be absent."""
    value = data.get(name) or ""
    if not isinstance(value, str) or not WORD.fullmatch(value):
        raise UnreadableEvent(f"{name}: no word of Stripe's")
    return value


def status(data: Object, name: str, *, known: Collection[str] = ()) -> str:
    """Return a status, which must be there and, where a list is given, be on it.

    No consequence follows from a word that we do not know: a person looks at it.
    """
    value = data.get(name)
    if value is None:
        raise UnreadableEvent(f"{name}: missing")
    if not isinstance(value, str) or not CODE_WORD.fullmatch(value):
        raise UnreadableEvent(f"{name}: no word of Stripe's")
    if known and value not in known:
        raise UnreadableEvent(f"{name}: {value}, which is none of {', '.join(sorted(known))}")
    return value


def yes_or_no(data: Object, name: str) -> bool:
    """Return a boolean that must be there: absent is not false."""
    value = data.get(name)
    if not isinstance(value, bool):
        raise UnreadableEvent(f"{name}: missing" if value is None else f"{name}: not true or false")
    return value


def url(data: Object, name: str) -> str:
    """Return an address that may be absent."""
    value = data.get(name) or ""
    if not isinstance(value, str) or not URL.fullmatch(value):
        raise UnreadableEvent(f"{name}: no address")
    return value


def part(data: Object, name: str) -> Object:
    """Return an object within another; empty where it is absent."""
    value = data.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise UnreadableEvent(f"{name}: no object")
    return value


def parts(data: Object, name: str) -> list[Object]:
    """Return a list of objects within another; each of them must be there."""
    found = data.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise UnreadableEvent(f"{name}: holds something that is no object")
    return found


def require_payment(data: Object) -> None:
    """Raise UnreadableEvent for a refund or dispute that does not say what was paid."""
    if not id_of(data, "payment_intent") and not id_of(data, "charge"):
        raise UnreadableEvent("payment_intent: missing, and so is charge")


def text(data: Object, name: str) -> str:
    """Return what somebody typed, which may be absent."""
    value = data.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UnreadableEvent(f"{name}: no text")
    return value


def address(data: Object, name: str) -> str:
    """Return an e-mail address whole or not at all: what is left of one could be another's."""
    typed = text(data, name)
    fitting = one_line(typed)
    is_whole = fitting == typed.strip() and len(fitting) <= BUYER_EMAIL_CHARS_MAX
    return fitting if is_whole else ""


def reference(data: Object, name: str) -> str:
    """Return what may be a reference of ours. A payment link's address lets the buyer type it."""
    return storable(text(data, name), chars_max=REFERENCE_CHARS_MAX)
