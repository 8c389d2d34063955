"""The shapes of payment intents, payment methods and charges."""

import base64
import hashlib
from typing import Any

from sandbox.store import Doc
from sandbox.stripe.shapes.cards import Card
from sandbox.stripe.shapes.checkout import NO_ADDRESS
from sandbox.stripe.shapes.ids import new_id, random_text


def new_payment_intent(
    *, now: int, amount: int, currency: str, metadata: dict[str, str], description: str | None
) -> Doc:
    """A wish to be paid, not yet tried."""
    intent_id = new_id("payment_intent", now=now)
    return {
        "id": intent_id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": f"{intent_id}_secret_{random_text(25)}",
        "confirmation_method": "automatic",
        "created": now,
        "currency": currency,
        "customer": None,
        "customer_account": None,
        "description": description,
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "managed_payments": {"enabled": False},
        "metadata": metadata,
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {
            "card": {
                "installments": None,
                "mandate_options": None,
                "network": None,
                "request_three_d_secure": "automatic",
            }
        },
        "payment_method_types": ["card", "us_bank_account"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }


def billing_details(*, email: str | None, name: str | None, country: str | None) -> Doc:
    """Who pays, as the bank is told."""
    return {
        "address": {**NO_ADDRESS, "country": country},
        "email": email,
        "name": name,
        "phone": None,
        "tax_id": None,
    }


def new_payment_method(*, now: int, card: Card, exp_month: int, exp_year: int, billing: Doc) -> Doc:
    """The card (or, for delayed numbers, the bank account) that was used."""
    method: Doc = {
        "id": new_id("payment_method", now=now),
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": billing,
        "created": now,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
    }
    if card.is_delayed:
        return {**method, "type": "us_bank_account", "us_bank_account": _bank_account(card)}
    return {
        **method,
        "type": "card",
        "card": {
            **_card_face(card, exp_month=exp_month, exp_year=exp_year),
            "checks": _checks(card),
            "display_brand": card.brand,
            "generated_from": None,
            "networks": {"available": [card.brand], "preferred": None},
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
    }


def new_charge(*, now: int, intent: Doc, method: Doc, card: Card) -> Doc:
    """One attempt to take the intent's money."""
    return {
        "id": new_id("py" if card.is_delayed else "charge", now=now),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "SANDBOX SELLER",
        "captured": False,
        "created": now,
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": None,
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": _method_details(method, card, intent["amount"]),
        "presentment_details": None,
        "receipt_email": None,
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "pending",
        "transfer_data": None,
        "transfer_group": None,
        "_card": card.number,
    }


def outcome(card: Card) -> Doc:
    """What the network answered."""
    if card.decline is not None and not card.is_delayed:
        return {
            "advice_code": "try_again_later",
            "network_advice_code": None,
            "network_decline_code": "01",
            "network_status": "declined_by_network",
            "reason": card.decline.decline_code,
            "risk_level": "normal",
            "risk_score": 12,
            "seller_message": "The bank did not return any further details with this decline.",
            "type": "issuer_declined",
        }
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "approved_by_network",
        "reason": None,
        "risk_level": "normal",
        "risk_score": 12,
        "seller_message": "Payment complete.",
        "type": "authorized",
    }


def _card_face(card: Card, *, exp_month: int, exp_year: int) -> dict[str, Any]:
    return {
        "brand": card.brand,
        "country": "US",
        "exp_month": exp_month,
        "exp_year": exp_year,
        "fingerprint": _fingerprint(card),
        "funding": "credit",
        "last4": card.last4,
        "regulated_status": "unregulated",
    }


def _fingerprint(card: Card) -> str:
    """Say which number it is, as Stripe does: the same for the same number, and no digit of it."""
    digest = hashlib.sha256(f"fingerprint:{card.number}".encode()).digest()
    return base64.b64encode(digest, altchars=b"xX").decode()[:16]


def _checks(card: Card) -> dict[str, Any]:
    is_wrong = card.decline is not None and card.decline.code == "incorrect_cvc"
    return {
        "address_line1_check": None,
        "address_postal_code_check": None,
        "cvc_check": "fail" if is_wrong else "pass",
    }


def _bank_account(card: Card) -> dict[str, Any]:
    return {
        "account_holder_type": "individual",
        "account_type": "checking",
        "bank_name": "STRIPE TEST BANK",
        "financial_connections_account": None,
        "fingerprint": _fingerprint(card),
        "last4": card.last4,
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": "110000000",
        "status_details": {},
    }


def _method_details(method: Doc, card: Card, amount: int) -> dict[str, Any]:
    if card.is_delayed:
        account = {
            name: method["us_bank_account"][name]
            for name in (
                "account_holder_type",
                "account_type",
                "bank_name",
                "fingerprint",
                "last4",
                "routing_number",
            )
        }
        return {
            "type": "us_bank_account",
            "us_bank_account": {**account, "mandate": None, "payment_reference": None},
        }
    face = method["card"]
    return {
        "type": "card",
        "card": {
            **_card_face(card, exp_month=face["exp_month"], exp_year=face["exp_year"]),
            "amount_authorized": amount,
            "authorization_code": "123456",
            "checks": face["checks"],
            "extended_authorization": {"status": "disabled"},
            "incremental_authorization": {"status": "unavailable"},
            "installments": None,
            "mandate": None,
            "multicapture": {"status": "unavailable"},
            "network": card.brand,
            "network_token": {"used": False},
            "network_transaction_id": "104102978678771",
            "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
            "three_d_secure": None,
            "transaction_link_id": None,
            "wallet": None,
        },
    }
