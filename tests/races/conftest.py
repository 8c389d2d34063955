"""Races need the sale's fixtures."""

from tests.revenue.conftest import clock, deaf_gateway, process

__all__ = ["clock", "deaf_gateway", "process"]
