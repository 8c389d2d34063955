"""Decisions about messages that look nothing up."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

ALERT_HOUR: Final = timedelta(hours=1)
ALERTS_ALONE_PER_HOUR: Final = 5  # what is more goes into one digest an hour
