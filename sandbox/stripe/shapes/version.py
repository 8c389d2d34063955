"""The API version this stand-in renders: the one that stripe-python 16 pins."""

from typing import Final

API_VERSION: Final = "2026-10-28.endive"
