"""How the agent's runtime was found: written down in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fulfillment.enums import RuntimeState
from fulfillment.models import RuntimeStatus
from fulfillment.ports import Fault


def write_runtime(state: RuntimeState, *, faults: Sequence[Fault], now: datetime) -> None:
    """Write down how the runtime stands; since when, only where that changed."""
    words = [{"code": fault.code, "about": fault.about} for fault in faults]
    row = RuntimeStatus.objects.select_for_update(no_key=True).first()
    if row is None:
        RuntimeStatus.objects.get_or_create(
            defaults={"status": state, "faults": words, "since": now, "noted_at": now}
        )
        return
    since = row.since if row.status == state else now
    RuntimeStatus.objects.filter(pk=row.pk).update(
        status=state, faults=words, since=since, noted_at=now
    )
