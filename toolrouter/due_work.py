"""What of the router's work may lag, and where it is seen."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from kernel.due_work import DueWork

CALLS: Final = "tool-call-list"
PURCHASES: Final = "purchase-list"
DUE_WORK: Final = (
    DueWork(
        id="toolrouter.approved_calls",
        words="approved tool calls that did not begin",
        oldest_due=(
            "SELECT min(not_before) FROM approvals_approvalrequest"
            " WHERE state = 'approved' AND kind = 'tool'"
        ),
        lag_max=timedelta(minutes=2),
        listed_at=(CALLS, "?state=approved"),
    ),
    DueWork(
        id="toolrouter.lost_calls",
        words="tool calls whose outcome is unknown",
        oldest_due=("SELECT min(look_at) FROM toolrouter_toolcall WHERE look_at IS NOT NULL"),
        listed_at=(CALLS, "?state=unknown"),
    ),
    DueWork(
        id="toolrouter.overdue_purchases",
        words="manual purchases that are overdue",
        oldest_due="SELECT min(due_at) FROM toolrouter_purchase WHERE state = 'to_buy'",
        vendor="whoever makes manual purchases",
        listed_at=(PURCHASES, "?lane=overdue"),
    ),
    DueWork(
        id="toolrouter.receipts",
        words="provider records that were not compared",
        oldest_due=(
            "SELECT made_at FROM toolrouter_providerreceipt"
            " WHERE state = 'pending' ORDER BY id LIMIT 1"
        ),
        vendor="the provider",
    ),
)
