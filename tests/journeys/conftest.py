"""Journeys: real pages in the Chromium of ``tests/conftest.py``."""
