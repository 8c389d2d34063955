"""What waits for a person of what agents asked for, as ``kernel.waiting_list`` asks it."""

from __future__ import annotations

from typing import Final

from kernel.modes import Mode
from kernel.waiting_list import COUNTED_MAX, WaitingKind
from toolrouter.enums import PurchaseState

# Soonest overdue first; ``detail`` says where it was called off.
_TO_BUY: Final = f"""
SELECT '', own.reference, own.called_off_why, own.mode, own.approved_minor, own.currency,
   own.made_at, own.due_at, ''
 FROM toolrouter_purchase own
 WHERE own.state = '{PurchaseState.TO_BUY}' AND own.mode <> '{Mode.SAMPLE}'
 ORDER BY own.due_at, own.id LIMIT {COUNTED_MAX}
"""  # noqa: S608  # our own words only

WAITING: Final = (WaitingKind(id="purchase", select=lambda: (_TO_BUY, ())),)
