"""What the database promises about the work, besides that its history is append-only."""

from __future__ import annotations

from typing import Final

from kernel.schema import fixed_mode, kept_facts

PROMISES: Final = (
    fixed_mode(
        "fulfillment_orderintake", follows={"order_id": "revenue_order", "deal_id": "crm_deal"}
    ),
    fixed_mode("fulfillment_acquisitionrun", follows={"intake_id": "fulfillment_orderintake"}),
    kept_facts(
        "fulfillment_turn",
        frozen=("id", "reference", "run_id", "purpose", "mode", "opened_at"),
        once=(
            *("lane", "binding_ref", "runtime_id", "sent_at", "deadline_at"),
            *("stop_reason", "stop_asked_at", "outcome", "ended_at", "cleared_at"),
        ),
    ),
    fixed_mode("fulfillment_turn", follows={"run_id": "fulfillment_acquisitionrun"}),
    fixed_mode("fulfillment_brief", follows={"run_id": "fulfillment_acquisitionrun"}),
    fixed_mode("fulfillment_runevent", follows={"run_id": "fulfillment_acquisitionrun"}),
    kept_facts(
        "fulfillment_source",
        frozen=(
            *("id", "reference", "run_id", "mode", "content_type", "sha256", "size"),
            *("published_on", "text_digest", "codes", "read_at"),
        ),
        erasable=("url", "final_url", "title", "text", "text_salt", "excerpt", "body"),
        once=("emptied_at", "released_at", "released_by_id"),
    ),
    fixed_mode("fulfillment_source", follows={"run_id": "fulfillment_acquisitionrun"}),
    kept_facts(
        "fulfillment_lookup",
        frozen=("id", "reference", "run_id", "mode", "call_ref", "kind", "asked_at", "deadline_at"),
        erasable=("asked", "found", "found_salt"),
        once=("found", "found_salt", "found_count", "found_digest", "source_id", "ended_at"),
    ),
    fixed_mode(
        "fulfillment_lookup",
        follows={"run_id": "fulfillment_acquisitionrun", "source_id": "fulfillment_source"},
    ),
    fixed_mode("fulfillment_section", follows={"run_id": "fulfillment_acquisitionrun"}),
    kept_facts(
        "fulfillment_deliverable",
        frozen=(
            *("id", "reference", "run_id", "mode", "trace_ref", "kind", "number", "section_refs"),
            *("page_sha256", "pdf_sha256", "call_ref", "edited_by_id", "made_at"),
        ),
        erasable=("page", "pdf"),
        once=("closed_at", "wrong_at", "erased_at"),
    ),
    fixed_mode("fulfillment_deliverable", follows={"run_id": "fulfillment_acquisitionrun"}),
)
