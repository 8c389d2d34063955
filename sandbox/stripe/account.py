"""``/v1/account``: the seller this stand-in plays."""

from typing import Any, Final

from sandbox.store import Doc
from sandbox.stripe.call import Call, Endpoint
from sandbox.stripe.ids import new_id
from sandbox.stripe.problems import Problem
from sandbox.world import Moment

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


def account_id(moment: Moment) -> str:
    """The account's id, made at first need and kept for good."""
    known = moment.store.note(ACCOUNT_NOTE)
    if known is None:
        known = new_id("account", now=moment.now)
        moment.store.set_note(ACCOUNT_NOTE, known)
        moment.store.set_note(CREATED_NOTE, str(moment.now))
    return known


def retrieve(call: Call) -> Doc:
    """An account in good standing."""
    moment = call.moment
    known = account_id(moment)
    if call.path.get("id", known) != known:
        raise Problem(
            403,
            f"The provided key does not have access to account '{call.path['id']}'.",
            code="account_invalid",
        )
    name = moment.settings.seller_name
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
        "created": int(moment.store.note(CREATED_NOTE) or moment.now),
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
