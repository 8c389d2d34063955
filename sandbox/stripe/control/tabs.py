"""Stripe's tabs of the control page: sessions, payments and webhooks, in words."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sandbox.state import State
from sandbox.store import Doc
from sandbox.stripe.behaviour.disputes import OPEN, REASONS
from sandbox.stripe.behaviour.line_items import kept_items
from sandbox.stripe.shapes.cards import BY_NUMBER
from sandbox.stripe.shapes.money import formatted, plain
from sandbox.vendor import Tab

ROWS_MAX: Final = 30
STATUS_WORDS: Final = {
    ("open", "unpaid"): ("open", "wait"),
    ("open", "no_payment_required"): ("open", "wait"),
    ("complete", "paid"): ("paid", "good"),
    ("complete", "unpaid"): ("complete, not paid", "wait"),
    ("complete", "no_payment_required"): ("complete, nothing due", "good"),
    ("expired", "unpaid"): ("expired", "bad"),
    ("expired", "no_payment_required"): ("expired", "bad"),
}
Row = Mapping[str, Any]


def sessions(state: State) -> list[Row]:
    """The newest checkout sessions."""
    return [_session(state, doc) for doc in _newest(state, "checkout.session")]


def _session(state: State, doc: Doc) -> Row:
    words, tone = STATUS_WORDS[doc["status"], doc["payment_status"]]
    waits = doc["payment_intent"] is not None and (
        state.store.get(doc["payment_intent"])["status"] == "processing"
    )
    return {
        "id": doc["id"],
        "url": doc["url"],
        "is_open": doc["status"] == "open",
        "made": clock(doc["created"]),
        "reference": doc["client_reference_id"] or doc["payment_link"] or "–",
        "what": ", ".join(item["description"] for item in kept_items(state.context(), doc["id"])),
        "buyer": (doc["customer_details"] or {}).get("email") or "–",
        "amount": formatted(doc["amount_total"], doc["currency"]),
        "status": "waits for the bank" if waits else words,
        "tone": "wait" if waits else tone,
        "waits": waits,
    }


def payments(state: State) -> list[Row]:
    """The newest charges, each with its refunds and disputes."""
    return [_payment(state, doc) for doc in _newest(state, "charge")]


def _payment(state: State, doc: Doc) -> Row:
    left = doc["amount"] - doc["amount_refunded"]
    card = BY_NUMBER[doc["_card"]]
    is_paid = doc["status"] == "succeeded"
    tones = {"succeeded": "good", "pending": "wait", "failed": "bad"}
    return {
        "id": doc["id"],
        "made": clock(doc["created"]),
        "amount": formatted(doc["amount"], doc["currency"]),
        "refunded": formatted(doc["amount_refunded"], doc["currency"]),
        "left": plain(left, doc["currency"]),
        "currency": doc["currency"],
        "status": doc["status"],
        "tone": tones[doc["status"]],
        "buyer": doc["billing_details"]["email"],
        "card": f"{card.brand} {card.last4} ({card.label})",
        "can_refund": is_paid and left > 0 and not doc.get("_is_charged_back"),
        "can_dispute": is_paid and not doc["disputed"] and left > 0,
        "refunds": [_refund(each) for each in _of_charge(state, "refund", doc["id"])],
        "disputes": [_dispute(each) for each in _of_charge(state, "dispute", doc["id"])],
    }


def _refund(doc: Doc) -> Row:
    tones = {"succeeded": "good", "pending": "wait", "failed": "bad", "canceled": "bad"}
    return {
        "id": doc["id"],
        "amount": formatted(doc["amount"], doc["currency"]),
        "status": doc["status"],
        "tone": tones[doc["status"]],
        "is_pending": doc["status"] == "pending",
        "can_fail": doc["status"] in {"pending", "succeeded"},
    }


def _dispute(doc: Doc) -> Row:
    is_inquiry = doc["status"].startswith("warning")
    return {
        "id": doc["id"],
        "amount": formatted(doc["amount"], doc["currency"]),
        "reason": doc["reason"].replace("_", " "),
        "status": doc["status"].replace("_", " "),
        "tone": "good" if doc["status"] in {"won", "warning_closed"} else "bad",
        "is_open": doc["status"] in OPEN,
        "is_inquiry": is_inquiry,
        "wants_answer": doc["status"].endswith("needs_response"),
    }


def webhooks(state: State) -> list[Row]:
    """The newest events and how their deliveries stand."""
    return [_webhook(state, doc) for doc in _newest(state, "event")]


def _webhook(state: State, doc: Doc) -> Row:
    rows = state.store.rows(
        "SELECT d.state, d.attempts, d.due_at, a.status, a.error, a.ms FROM deliveries d"
        " LEFT JOIN attempts a ON a.id ="
        " (SELECT max(id) FROM attempts WHERE delivery_id = d.id)"
        " WHERE d.event_id = ? ORDER BY d.id",
        (doc["id"],),
    )
    tones = {"delivered": "good", "pending": "wait", "given_up": "bad"}
    return {
        "id": doc["id"],
        "made": clock(doc["created"]),
        "type": doc["type"],
        "object": doc["data"]["object"].get("id", "–"),
        "deliveries": [
            {
                "state": row["state"].replace("_", " "),
                "tone": tones[row["state"]],
                "attempts": row["attempts"],
                "answer": row["error"] or (f"{row['status']} in {row['ms']} ms")
                if row["attempts"]
                else "not sent yet",
            }
            for row in rows
        ],
    }


def clock(seconds: int) -> str:
    """Day and time in UTC."""
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%d %b, %H:%M:%S}"


def _newest(state: State, kind: str) -> list[Doc]:
    rows = state.store.rows(
        "SELECT id FROM documents WHERE kind = ? ORDER BY created DESC, seq DESC LIMIT ?",
        (kind, ROWS_MAX),
    )
    return [state.store.get(row["id"]) for row in rows]


def _of_charge(state: State, kind: str, charge_id: str) -> list[Doc]:
    rows = state.store.rows(
        "SELECT id FROM documents WHERE kind = ? AND json_extract(body, '$.charge') = ?"
        " ORDER BY created, seq",
        (kind, charge_id),
    )
    return [state.store.get(row["id"]) for row in rows]


TABS: Final = (
    Tab(
        path="/_sandbox/",
        title="Sessions",
        template="stripe/control/sessions.html",
        values=lambda state: {"rows": sessions(state)},
    ),
    Tab(
        path="/_sandbox/payments",
        title="Payments",
        template="stripe/control/payments.html",
        values=lambda state: {"rows": payments(state), "reasons": REASONS},
    ),
    Tab(
        path="/_sandbox/webhooks",
        title="Webhooks",
        template="stripe/control/webhooks.html",
        values=lambda state: {
            "rows": webhooks(state),
            "webhook_url": state.settings.webhook_url,
        },
    ),
)
