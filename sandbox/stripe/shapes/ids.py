"""Identifiers that look like Stripe's: a prefix, a little time, and randomness."""

import secrets
import string
from typing import Final

ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase

# What follows the prefix: most objects carry the time they were made; sessions are long.
PREFIXES: Final = {
    "checkout.session": "cs_test_a1",
    "payment_intent": "pi_3",
    "charge": "ch_3",
    "py": "py_3",
    "balance_transaction": "txn_1",
    "event": "evt_1",
    "refund": "re_1",
    "dispute": "du_1",
    "payment_link": "plink_1",
    "product": "prod_",
    "price": "price_1",
    "payment_method": "pm_1",
    "webhook_endpoint": "we_1",
    "payout": "po_1",
    "item": "li_1",
    "customer": "cus_",
    "account": "acct_1",
    "request": "req_",
    "bank_account": "ba_1",
}
LENGTHS: Final = {"checkout.session": 56, "product": 14, "customer": 14, "request": 14}
LENGTH_DEFAULT: Final = 23


def new_id(kind: str, *, now: int) -> str:
    """A fresh identifier of ``kind``, unguessable in its tail."""
    length = LENGTHS.get(kind, LENGTH_DEFAULT)
    stamp = _base62(now) if length == LENGTH_DEFAULT else ""
    return PREFIXES[kind] + stamp + random_text(length - len(stamp))


def random_text(length: int) -> str:
    """``length`` random letters and digits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _base62(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, len(ALPHABET))
        text = ALPHABET[digit] + text
    return text
