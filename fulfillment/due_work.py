"""Fulfillment's work that may lag."""

from __future__ import annotations

from typing import Final

from kernel.due_work import DueWork

WITHOUT_RUN: Final = DueWork(
    id="fulfillment.runs",
    words="runs to start",
    oldest_due="SELECT opened_at FROM fulfillment_orderintake"
    " WHERE run_made_at IS NULL ORDER BY id LIMIT 1",
)
