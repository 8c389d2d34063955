"""What the database promises about the relationship, besides that its history is append-only."""

from __future__ import annotations

from typing import Final

from kernel.schema import fixed_mode

PROMISES: Final = (
    fixed_mode("crm_deal"),
    fixed_mode("crm_activity", follows={"deal_id": "crm_deal"}),
    fixed_mode("crm_trappedrequest"),
)
