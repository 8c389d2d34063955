"""Journeys share one running shop per process, and one list of the pages that were looked at.

Imported here and nowhere else: a fixture that two modules import is made twice.
"""

from tests.journeys.shop import _all_looks, looks, shop

__all__ = ["_all_looks", "looks", "shop"]
