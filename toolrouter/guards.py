"""What the database promises about grants, caps, stops, calls and money, besides history."""

from __future__ import annotations

from typing import Final

from kernel.schema import fixed_mode, kept_facts

_OPENED: Final = ("opened_by_id", "opened_at", "reason_digest")
_WHY: Final = ("reason", "reason_salt")
PROMISES: Final = (
    kept_facts("toolrouter_safetysettings", frozen=("id", "is_the_one")),
    kept_facts("toolrouter_projectsettings", frozen=("id", "project_ref", "opened_at")),
    kept_facts(
        "toolrouter_grant",
        frozen=(
            *("id", "reference", "run_ref", "run_code", "project_ref", "kind", "mode", "trace_ref"),
            *("currency", "opened_at", "expires_at"),
        ),
        once=("ended_at",),
    ),
    fixed_mode("toolrouter_grant"),
    kept_facts(
        "toolrouter_spendcap",
        frozen=(
            *("id", "reference", "scope", "ref", "family", "currency", "mode", "time_window"),
            "made_at",
        ),
    ),
    fixed_mode("toolrouter_spendcap"),
    kept_facts(
        "toolrouter_runtoken",
        frozen=(
            "id",
            "reference",
            "grant_id",
            "token_sha256",
            "made_by_id",
            "made_at",
            "expires_at",
        ),
        once=("ended_at", "end_reason", "ended_by_id"),
    ),
    kept_facts(
        "toolrouter_seat",
        frozen=("id", "reference", "lane", "token_sha256", "made_by_id", "made_at"),
        once=("listed_at", "ended_at"),
    ),
    kept_facts(
        "toolrouter_seatbinding",
        frozen=("id", "reference", "seat_id", "grant_id", "bound_at"),
        once=("closed_at", "freed_at"),
    ),
    kept_facts(
        "toolrouter_stop",
        frozen=(
            *("id", "reference", "scope", "ref", "stopped_by_id", "stopped_at", "reason_digest"),
            "tokens_ended",
        ),
        erasable=(*_WHY, "release_reason", "release_reason_salt"),
        once=(
            *("released_by_id", "released_at"),
            *("release_reason", "release_reason_salt", "release_reason_digest"),
        ),
    ),
    kept_facts(
        "toolrouter_incident",
        frozen=("id", "reference", "kind", "scope", "ref", "about_ref", *_OPENED),
        erasable=(*_WHY, "close_reason", "close_reason_salt"),
        once=(
            *("closed_by_id", "closed_at"),
            *("close_reason", "close_reason_salt", "close_reason_digest"),
        ),
    ),
    kept_facts(
        "toolrouter_toolcall",
        frozen=(
            *("id", "reference", "grant_id", "credential_ref", "run_ref", "project_ref", "mode"),
            *("trace_ref", "key", "operation", "risk", "subject_ref", "asked_digest"),
            *("policy_version", "facts", "again_of_id", "again_by_id", "asked_at"),
            *("amount_minor", "currency", "approval_ref"),
        ),
        erasable=("asked", "asked_salt"),
        once=(
            *("result", "claim_facts", "claimed_at", "deadline_at", "unknown_at", "absent_at"),
            *("closed_at", "restored_at"),
        ),
    ),
    kept_facts(
        "toolrouter_providerreceipt",
        frozen=(
            *("id", "reference", "call_id", "mode", "provider", "provider_ref", "made_at"),
            *("asked_minor", "asked_currency"),
        ),
        once=(
            *("read_at", "read_ref", "read_minor", "read_currency", "read_live", "read_key"),
            "incident_id",
        ),
    ),
    fixed_mode("toolrouter_providerreceipt", follows={"call_id": "toolrouter_toolcall"}),
    fixed_mode("toolrouter_toolcall", follows={"grant_id": "toolrouter_grant"}),
    kept_facts(
        "toolrouter_reservation",
        frozen=(
            *("id", "reference", "call_id", "grant_id", "project_ref", "run_ref", "family"),
            *("currency", "mode", "ceiling_minor", "reserved_at"),
        ),
        once=("closed_at",),
    ),
    fixed_mode(
        "toolrouter_reservation",
        follows={"call_id": "toolrouter_toolcall", "grant_id": "toolrouter_grant"},
    ),
    fixed_mode("toolrouter_capture", follows={"reservation_id": "toolrouter_reservation"}),
    kept_facts(
        "toolrouter_purchase",
        frozen=(
            *("id", "reference", "call_id", "mode", "project_ref", "run_ref", "trace_ref"),
            *("approval_ref", "category", "payee", "words_digest", "approved_minor", "currency"),
            *("made_at", "due_at"),
        ),
        erasable=("vendor_name", "what", "words_salt", "reason", "reason_salt"),
        once=(
            *("called_off_at", "called_off_why", "closed_at", "closed_by_id", "paid_minor"),
            *("paid_currency", "paid_on", "reason", "reason_salt", "reason_digest"),
            "incident_id",
        ),
    ),
    fixed_mode("toolrouter_purchase", follows={"call_id": "toolrouter_toolcall"}),
    fixed_mode("toolrouter_purchasereceipt", follows={"purchase_id": "toolrouter_purchase"}),
    fixed_mode("toolrouter_confirmedpayee", follows={"purchase_id": "toolrouter_purchase"}),
)
