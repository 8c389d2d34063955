"""The sandbox for tests of the offers."""

from tests.outside import _outside, gateway, outside, pages_find_stripe_away, pages_use_outside

__all__ = ["_outside", "gateway", "outside", "pages_find_stripe_away", "pages_use_outside"]
