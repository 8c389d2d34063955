"""What of the work on requests may lag, and where it is seen."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from kernel.due_work import DueWork

LISTED_AT: Final = ("approval-list", "?state=pending")
DUE_WORK: Final = (
    DueWork(
        id="approvals.untold",
        words="approval requests that nobody was told of",
        oldest_due=(
            "SELECT min(opened_at) FROM approvals_approvalrequest"
            " WHERE state = 'pending' AND told_at IS NULL AND mode <> 'sample'"
        ),
        lag_max=timedelta(minutes=2),
        listed_at=LISTED_AT,
    ),
    DueWork(
        id="approvals.undecided",
        words="approval requests whose time is over",
        oldest_due=(
            "SELECT min(decide_by) FROM approvals_approvalrequest"
            " WHERE state = 'pending' AND mode <> 'sample'"
        ),
        listed_at=LISTED_AT,
    ),
)
