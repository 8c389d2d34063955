"""``/v1/account``: the seller this stand-in plays."""

from typing import Any, Final

from sandbox.state import RequestContext
from sandbox.store import Doc
from sandbox.stripe.api.call import Call, Endpoint
from sandbox.stripe.shapes.errors import ApiError
from sandbox.stripe.shapes.ids import new_id

ACCOUNT_NOTE: Final = "account"
CREATED_NOTE: Final = "account-created"
NOTHING_DUE: Final[dict[str, Any]] = {
    "alternatives": [],
    "current_deadline": None,
    "currently_due": [],
    "disabled_reason": None,
    "errors": [],
    "eventually_due": [],
    "past_due": [],
    "pending_verification": [],
}


def account_id(context: RequestContext) -> str:
    """The account's id, made at first need and kept for good."""
    known = context.store.note(ACCOUNT_NOTE)
    if known is None:
        known = new_id("account", now=context.now)
        context.store.set_note(ACCOUNT_NOTE, known)
        context.store.set_note(CREATED_NOTE, str(context.now))
    return known


def retrieve(call: Call) -> Doc:
    """An account in good standing."""
    context = call.context
    known = account_id(context)
    if call.path.get("id", known) != known:
        raise ApiError(
            403,
            f"The provided key does not have access to account '{call.path['id']}'.",
            code="account_invalid",
        )
    name = context.settings.seller_name
    return {
        "id": known,
        "object": "account",
        "business_profile": _profile(name),
        "business_type": "company",
        "capabilities": {
            "card_payments": "active",
            "transfers": "active",
            "us_bank_account_ach_payments": "active",
        },
        "charges_enabled": True,
        "controller": {"type": "account"},
        "country": "US",
        "created": int(context.store.note(CREATED_NOTE) or context.now),
        "default_currency": "usd",
        "details_submitted": True,
        "email": "owner@example.com",
        "external_accounts": {
            "object": "list",
            "data": [],
            "has_more": False,
            "url": f"/v1/accounts/{known}/external_accounts",
        },
        "future_requirements": NOTHING_DUE,
        "metadata": {},
        "payouts_enabled": True,
        "requirements": NOTHING_DUE,
        "settings": _settings(name),
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": "standard",
    }


def _profile(name: str) -> dict[str, Any]:
    blank = dict.fromkeys(
        (
            "annual_revenue",
            "estimated_worker_count",
            "mcc",
            "minority_owned_business_designation",
            "product_description",
            "support_address",
            "support_email",
            "support_phone",
            "support_url",
            "url",
        )
    )
    return {**blank, "name": name}


def _settings(name: str) -> dict[str, Any]:
    return {
        "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": True},
            "statement_descriptor_prefix": None,
        },
        "dashboard": {"display_name": name, "timezone": "Etc/UTC"},
        "payments": {"statement_descriptor": "SANDBOX SELLER"},
        "payouts": {
            "debit_negative_balances": True,
            "schedule": {"delay_days": 2, "interval": "daily"},
            "statement_descriptor": None,
        },
    }


ENDPOINTS: Final = (
    Endpoint("GET", "/v1/account", retrieve),
    Endpoint("GET", "/v1/accounts/{id}", retrieve),
)
