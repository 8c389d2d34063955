"""What the database promises about the work, besides that its history is append-only."""

from __future__ import annotations

from typing import Final

from kernel.schema import fixed_mode

PROMISES: Final = (
    fixed_mode(
        "fulfillment_orderintake", follows={"order_id": "revenue_order", "deal_id": "crm_deal"}
    ),
    fixed_mode("fulfillment_acquisitionrun", follows={"intake_id": "fulfillment_orderintake"}),
    fixed_mode("fulfillment_runevent", follows={"run_id": "fulfillment_acquisitionrun"}),
)
