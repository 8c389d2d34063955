"""The rows of the work that workers lease, and what of them is work."""

from __future__ import annotations

from typing import Final

from fulfillment.enums import LookupState
from fulfillment.models import Lookup, Turn
from kernel.leases import Leased

LEASED_WORK: Final[tuple[tuple[type[Leased], str], ...]] = (
    (Lookup, f"state IN ('{LookupState.QUEUED}', '{LookupState.RUNNING}')"),
    (Turn, "cleared_at IS NULL"),
)
