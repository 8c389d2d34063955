"""Fulfillment's work that may lag."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from kernel.due_work import DueWork

DUE_WORK: Final = (
    DueWork(
        id="fulfillment.runs",
        words="runs to start",
        oldest_due="SELECT opened_at FROM fulfillment_orderintake"
        " WHERE run_made_at IS NULL ORDER BY id LIMIT 1",
    ),
    DueWork(
        id="fulfillment.lookups",
        words="lookups on the web",
        oldest_due="SELECT min(next_attempt_at) FROM fulfillment_lookup"
        " WHERE state IN ('queued', 'running')",
        lag_max=timedelta(minutes=2),
    ),
)
