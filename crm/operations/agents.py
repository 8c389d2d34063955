"""What an agent writes about a deal: lines of the timeline, with its run as the one who says so."""

from __future__ import annotations

from datetime import datetime

from crm.enums import AGENT_KINDS, ActivityKind
from crm.models import Activity


def note_by_agent(
    *,
    deal_id: int,
    kind: ActivityKind,
    words: str,
    run_ref: str,
    call_ref: str,
    now: datetime,
) -> bool:
    """Append what an agent wrote to a deal's timeline; say whether the call had not before."""
    if kind not in AGENT_KINDS:
        raise ValueError(f"{kind} is no line of an agent's")
    return Activity.append(
        key=f"{kind}:{call_ref}",
        kind=kind,
        deal_id=deal_id,
        refs={"run": run_ref, "call": call_ref},
        words=words,
        now=now,
    )
