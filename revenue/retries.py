"""How often, and after which pauses, the sale tries again."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from kernel.retries import Backoff

# Ten tries of an event; then it waits, dead, for a person.
EVENT_RETRIES: Final = Backoff(
    first=timedelta(seconds=5), longest=timedelta(hours=6), attempts_max=10
)
# Calls to Stripe whose outcome is unknown: asked about until Stripe has an answer.
CALL_RETRIES: Final = Backoff(first=timedelta(seconds=5), longest=timedelta(hours=6))
KEY_KEPT: Final = timedelta(hours=24)  # https://docs.stripe.com/api/idempotent_requests
CALL_TIME: Final = timedelta(seconds=30)  # a call under way is left alone for this long
