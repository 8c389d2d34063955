"""Races need the sale's fixtures, an agent's question, and the world outside."""

from tests.outside import _outside, gateway, outside, pages_use_outside
from tests.races.cases import asked, granted, offer, seed
from tests.revenue.conftest import clock, deaf_gateway, process
from tests.revenue.refunds.conftest import ask, owner, paid_order

__all__ = [
    "_outside",
    "ask",
    "asked",
    "clock",
    "deaf_gateway",
    "gateway",
    "granted",
    "offer",
    "outside",
    "owner",
    "pages_use_outside",
    "paid_order",
    "process",
    "seed",
]
