"""The payload that operators see holds nothing about a person, whatever Stripe adds tomorrow."""

from __future__ import annotations

import json
from typing import Any

import pytest

from revenue.queries.payload import CHARS_MAX, MASK, masked
from tests.factories.revenue import event_body

PERSONAL = {
    "id": "cs_test_1",
    "object": "checkout.session",
    "status": "complete",
    "payment_status": "paid",
    "amount_total": 100,
    "currency": "usd",
    "created": 1_795_348_800,
    "livemode": False,
    "url": "https://checkout.stripe.com/c/pay/cs_test_1#secret-fragment",
    "client_secret": "pi_1_secret_abcdef",
    "client_reference_id": "chk_01k9aaaaaaaaaaaaaaaaaaaaaa",
    "customer_email": "ada@buyer.example",
    "customer_details": {
        "email": "ada@buyer.example",
        "name": "Ada Lovelace",
        "phone": "+44123456",
        "individual_name": "Ada",
        "address": {"city": "London", "line1": "12 Square", "postal_code": "W1J", "country": "GB"},
        "tax_ids": [{"type": "gb_vat", "value": "GB123456789"}],
    },
    "customer": {"id": "cus_1", "object": "customer", "email": "ada@buyer.example"},
    "custom_fields": [{"key": "maiden", "label": {"custom": "Name"}, "text": {"value": "Byron"}}],
    "metadata": {"trace_ref": "trc_1", "offer_version": "2", "note": "call Ada", "Augusta": "x"},
    "payment_method_details": {
        "card": {"brand": "visa", "last4": "4242", "exp_month": 12, "fingerprint": "Xt5E"}
    },
    "dob": {"day": 10, "month": 12, "year": 1815},
    "payment_method_types": ["card", "us_bank_account"],
    "last_payment_error": {"code": "card_declined", "message": "Ada's card was declined."},
    "a_field_of_tomorrow": "Countess of Lovelace",
    "a_number_of_tomorrow": 18_151_210,
}
WORDS = (
    "ada@",
    "call ada",
    "lovelace",
    "byron",
    "augusta",
    "london",
    "square",
    "w1j",
    "+44",
    "gb123",
    "secret-fragment",
    "secret_abcdef",
    "4242",
    "1815",
    "xt5e",
    "countess",
)


def shown(data: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(masked(event_body("x.y", data)))["data"]["object"])


@pytest.mark.parametrize("word", WORDS)
def test_nothing_about_a_person_is_shown(word: str) -> None:
    assert word not in masked(event_body("checkout.session.completed", PERSONAL)).lower()


def test_ids_enums_numbers_and_times_are_shown() -> None:
    seen = shown(PERSONAL)
    for name in ("id", "status", "payment_status", "amount_total", "currency", "created",
                 "livemode", "client_reference_id", "payment_method_types"):  # fmt: skip
        assert seen[name] == PERSONAL[name]
    assert seen["customer"]["id"] == "cus_1"
    assert seen["payment_method_details"]["card"]["brand"] == "visa"
    assert seen["last_payment_error"] == {"code": "card_declined", "message": MASK}


def test_of_metadata_only_our_own_names_are_shown() -> None:
    assert shown(PERSONAL)["metadata"] == {"trace_ref": "trc_1", "offer_version": "2", MASK: MASK}
    assert shown({"metadata": {"link_ref": "plk_1"}})["metadata"] == {"link_ref": "plk_1"}


@pytest.mark.parametrize("sneaky", ["ada@buyer.example", "Ada Lovelace", "12 Square", "x" * 300])
def test_words_in_the_place_of_an_id_are_masked(sneaky: str) -> None:
    """Somebody else's integration may put an address where an id belongs."""
    seen = shown({"client_reference_id": sneaky, "metadata": {"trace_ref": sneaky}})
    assert seen == {"client_reference_id": MASK, "metadata": {MASK: MASK}}


def test_the_envelope_is_shown() -> None:
    seen = json.loads(masked(event_body("charge.refunded", {"id": "ch_1"})))
    assert (seen["type"], seen["api_version"]) == ("charge.refunded", "2026-10-28.endive")


def test_a_huge_event_is_cut_off() -> None:
    body = event_body("x.y", {"items": [{"id": f"item_{number}"} for number in range(9_000)]})
    assert len(masked(body)) < CHARS_MAX + 100
