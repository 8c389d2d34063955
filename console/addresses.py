"""Where each kind of record has its page, read from the prefix of its reference."""

from __future__ import annotations

from typing import Final

from django.urls import NoReverseMatch, reverse

from kernel.references import is_reference

# Prefix -> URL name. Records of a sale without a page of their own are shown on its trace.
PAGE_OF: Final = {
    "apr": "approval",
    "call": "tool-call",
    "chk": "checkout-prepared",
    "com": "company",
    "con": "contact",
    "deal": "deal",
    "evt": "event",
    "inc": "incident",
    "off": "offer-edit",
    "ord": "order-detail",
    "plk": "payment-link",
    "pur": "purchase",
    "run": "run",
    "stp": "stop",
}


def address_of(reference: str) -> str:
    """Return the address of the page that shows ``reference``; "" where there is none."""
    name = PAGE_OF.get(reference.partition("_")[0], "trace" if is_reference(reference) else "")
    try:
        return reverse(name, args=[reference]) if name else ""
    except NoReverseMatch:
        return ""
