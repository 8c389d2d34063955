"""A move of a deal, and who made it."""

from __future__ import annotations

from datetime import datetime

from crm.enums import DealStage
from crm.models import Deal
from ledger import operations as ledger


def move_and_record(
    deal: Deal, *, to: DealStage, event: str, actor_id: int, now: datetime, **changes: object
) -> None:
    """Move ``deal`` and write down who did it.

    Raises IllegalMove, LostRace.
    """
    source = deal.stage
    deal.move(to, stage_since=now, **changes)
    ledger.audit(
        actor_id=actor_id,
        event=event,
        subject=deal.reference,
        facts={"from_stage": str(source), "to_stage": str(to)},
        mode=deal.mode,
        trace_ref=deal.trace_ref,
        now=now,
    )
