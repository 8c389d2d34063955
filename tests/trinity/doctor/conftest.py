"""The sandbox for the doctor, as if its webhook endpoint were ours."""

from tests.outside import _outside, gateway, outside, pages_find_stripe_away, pages_use_outside
from tests.revenue.conftest import deaf_gateway

__all__ = [
    "_outside",
    "deaf_gateway",
    "gateway",
    "outside",
    "pages_find_stripe_away",
    "pages_use_outside",
]
