"""The sandbox for the doctor, as if its webhook endpoint were ours."""

from tests.outside import _outside, gateway, outside, pages_find_stripe_away, pages_use_outside

__all__ = ["_outside", "gateway", "outside", "pages_find_stripe_away", "pages_use_outside"]
