"""What may be shown of a filed event: ids, enums, numbers and times; never words about a person."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from kernel.documents import parsed

MASK: Final = "•••"
CHARS_MAX: Final = 60_000
UNREADABLE: Final = "It cannot be shown: it is no JSON, or nested too deep."

# A value is shown only under one of these names, and only if it looks like an id or an enum.
_IDS: Final = (
    "id object type api_version account payment_intent payment_link charge latest_charge customer "
    "balance_transaction failure_balance_transaction destination_details dispute refund price "
    "product invoice subscription payment_method payout source transfer client_reference_id "
    "request idempotency_key default_price setup_intent"
)
_ENUMS: Final = (
    "status payment_status payment_method_types mode currency reason failure_code code "
    "decline_code advice_code network_status risk_level failure_reason submit_type ui_mode "
    "capture_method confirmation_method customer_creation billing_address_collection "
    "reporting_category case_type brand funding network payment_method_collection enabled_events "
    "seller_message_type reference_status balance_type"
)
_NUMBERS: Final = (
    "amount amount_total amount_subtotal amount_received amount_capturable amount_captured "
    "amount_refunded amount_tax amount_discount amount_shipping unit_amount unit_amount_decimal "
    "fee net quantity count limit pending_webhooks submission_count exchange_rate tip"
)
_TIMES: Final = (
    "created expires_at due_by available_on canceled_at updated arrival_date cancel_at finalized_at"
)
SHOWN: Final = frozenset(" ".join((_IDS, _ENUMS, _NUMBERS, _TIMES)).split())
OUR_METADATA: Final = frozenset(
    {"trace_ref", "checkout_ref", "link_ref", "refund_ref", "offer", "offer_version"}
)
_CODE_WORD: Final = re.compile(r"[A-Za-z0-9_.:*-]{1,255}")


def masked(body: bytes) -> str:
    """Return an event as indented JSON in which everything that could be personal reads ``•••``.

    By allow-list: a field that Stripe adds tomorrow is masked. Names of metadata are words of
    whoever wrote them, so those that are not ours are masked too. Names are shown where they are
    code words, as all of Stripe's are.
    """
    try:
        event = parsed(body)
    except ValueError:
        return UNREADABLE
    text = json.dumps(_masked(event, name=""), indent=2, ensure_ascii=False)
    return text if len(text) <= CHARS_MAX else f"{text[:CHARS_MAX]}\n… (cut off here)"


def _masked(value: object, *, name: str) -> object:
    if isinstance(value, dict):
        if name == "metadata":
            return _masked_metadata(value)
        return {_name(key): _masked(each, name=key) for key, each in value.items()}
    if isinstance(value, list):
        return [_masked(each, name=name) for each in value]
    if value is None or isinstance(value, bool):
        return value
    if name not in SHOWN:
        return MASK
    is_code_word = isinstance(value, str) and _CODE_WORD.fullmatch(value)
    return value if is_code_word or isinstance(value, int | float) else MASK


def _name(key: str) -> str:
    return key if _CODE_WORD.fullmatch(key) else MASK


def _masked_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    shown = {
        key: value
        for key, value in metadata.items()
        if key in OUR_METADATA and isinstance(value, str) and _CODE_WORD.fullmatch(value)
    }
    return shown if len(shown) == len(metadata) else shown | {MASK: MASK}
