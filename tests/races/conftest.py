"""Races need the sale's fixtures, and the world outside."""

from tests.outside import _outside, gateway, outside
from tests.revenue.conftest import clock, deaf_gateway, process
from tests.revenue.refunds.conftest import ask, owner, paid_order

__all__ = [
    "_outside",
    "ask",
    "clock",
    "deaf_gateway",
    "gateway",
    "outside",
    "owner",
    "paid_order",
    "process",
]
