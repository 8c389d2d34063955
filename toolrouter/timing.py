"""How long a call outside takes at most, and when one that nobody heard of is looked for."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

CALL_LONGEST: Final = timedelta(seconds=30)  # of an adapter, from first byte to last
# From the claim on: whoever claimed a call begins to ask within the difference, or not at all.
CALL_DEADLINE: Final = timedelta(seconds=60)
# So long after its deadline, and again so long after that, it must be absent before it is failed.
ABSENT_FOR: Final = timedelta(minutes=10)
LOOK_AGAIN: Final = timedelta(minutes=1)  # where the provider did not answer
REFUSED_LATELY: Final = timedelta(hours=1)
# So long whoever raised a cap approves no spend under it, where an owner set that.
RAISER_WAITS: Final = timedelta(hours=24)
