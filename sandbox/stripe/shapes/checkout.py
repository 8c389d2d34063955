"""The shapes of checkout sessions, their line items and payment links."""

from collections.abc import Sequence
from typing import Any, Final

from sandbox.store import Doc
from sandbox.stripe.shapes.ids import new_id, random_text

# Settings of a session or link that are stored and shown, and change nothing here.
NO_CUSTOM_TEXT: Final = {
    "after_submit": None,
    "shipping_address": None,
    "submit": None,
    "terms_of_service_acceptance": None,
}
NO_AUTOMATIC_TAX: Final = {"enabled": False, "liability": None, "provider": None, "status": None}
NO_INVOICE: Final = {
    "enabled": False,
    "invoice_data": {
        "account_tax_ids": None,
        "custom_fields": None,
        "description": None,
        "footer": None,
        "issuer": None,
        "metadata": {},
        "rendering_options": None,
    },
}
NO_ADDRESS: Final = {
    "city": None,
    "country": None,
    "line1": None,
    "line2": None,
    "postal_code": None,
    "state": None,
}


def new_line_item(*, price: Doc, name: str, quantity: int, now: int) -> Doc:
    """One bought thing: price times quantity."""
    total = price["unit_amount"] * quantity
    return {
        "id": new_id("item", now=now),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": total,
        "amount_tax": 0,
        "amount_total": total,
        "currency": price["currency"],
        "description": name,
        "metadata": {},
        "price": price,
        "quantity": quantity,
    }


def customer_details(*, email: str | None, name: str | None, country: str | None) -> Doc:
    """What the buyer said about themselves on the hosted page."""
    return {
        "address": {**NO_ADDRESS, "country": country} if country else None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [] if name else None,
    }


# What a guest's one-time session never has, or has always alike.
ALWAYS_ALIKE: Final[dict[str, Any]] = {
    "adaptive_pricing": {"enabled": False},
    "after_expiration": None,
    "allow_promotion_codes": None,
    "automatic_tax": NO_AUTOMATIC_TAX,
    "billing_address_collection": None,
    "cancel_url": None,
    "client_reference_id": None,
    "client_secret": None,
    "collected_information": None,
    "consent": None,
    "consent_collection": None,
    "currency_conversion": None,
    "custom_fields": [],
    "custom_text": NO_CUSTOM_TEXT,
    "customer": None,
    "customer_account": None,
    "customer_creation": "if_required",
    "discounts": [],
    "integration_identifier": None,
    "invoice": None,
    "invoice_creation": NO_INVOICE,
    "livemode": False,
    "locale": None,
    "managed_payments": {"enabled": False},
    "metadata": {},
    "mode": "payment",
    "origin_context": None,
    "payment_intent": None,
    "payment_link": None,
    "payment_method_collection": "if_required",
    "payment_method_configuration_details": None,
    "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
    "payment_method_types": ["card", "us_bank_account"],
    "permissions": None,
    "phone_number_collection": {"enabled": False},
    "recovered_from": None,
    "saved_payment_method_options": None,
    "setup_intent": None,
    "shipping_address_collection": None,
    "shipping_cost": None,
    "shipping_options": [],
    "submit_type": None,
    "subscription": None,
    "success_url": None,
    "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
    "ui_mode": "hosted_page",
    "wallet_options": None,
    "_payment_intent_data": {},
}


def new_session(
    *,
    now: int,
    base_url: str,
    items: Sequence[Doc],
    expires_at: int,
    settings: dict[str, Any],
) -> Doc:
    """An open session in payment mode for a guest."""
    session_id = new_id("checkout.session", now=now)
    total = sum(item["amount_total"] for item in items)
    email = settings.get("customer_email")
    session: Doc = {
        "id": session_id,
        "object": "checkout.session",
        **ALWAYS_ALIKE,
        "amount_subtotal": total,
        "amount_total": total,
        "created": now,
        "currency": items[0]["currency"],
        "customer_details": (
            customer_details(email=email, name=None, country=None) if email else None
        ),
        "customer_email": email,
        "expires_at": expires_at,
        "payment_status": "unpaid" if total else "no_payment_required",
        "status": "open",
        "url": f"{base_url}/c/pay/{session_id}",
    }
    unknown = set(settings) - set(session)
    if unknown:
        raise LookupError(f"not fields of a session: {sorted(unknown)}")
    return {**session, **settings}


def new_payment_link(*, now: int, base_url: str, currency: str, settings: dict[str, Any]) -> Doc:
    """An active link; each visit makes a session."""
    slug = f"test_{random_text(20)}"
    link: Doc = {
        "id": new_id("payment_link", now=now),
        "object": "payment_link",
        "active": True,
        "after_completion": {
            "hosted_confirmation": {"custom_message": None},
            "type": "hosted_confirmation",
        },
        "allow_promotion_codes": False,
        "application": None,
        "application_fee_amount": None,
        "application_fee_percent": None,
        "automatic_tax": {"enabled": False, "liability": None},
        "billing_address_collection": "auto",
        "consent_collection": None,
        "currency": currency,
        "custom_fields": [],
        "custom_text": NO_CUSTOM_TEXT,
        "customer_creation": "if_required",
        "inactive_message": None,
        "invoice_creation": NO_INVOICE,
        "livemode": False,
        "managed_payments": {"enabled": False},
        "metadata": {},
        "on_behalf_of": None,
        "payment_intent_data": None,
        "payment_method_collection": "if_required",
        "payment_method_options": None,
        "payment_method_types": None,
        "phone_number_collection": {"enabled": False},
        "restrictions": None,
        "shipping_address_collection": None,
        "shipping_options": [],
        "submit_type": "auto",
        "subscription_data": None,
        "tax_id_collection": {"enabled": False, "required": "never"},
        "transfer_data": None,
        "url": f"{base_url}/b/{slug}",
        "_created": now,
        "_slug": slug,
    }
    return {**link, **settings}
