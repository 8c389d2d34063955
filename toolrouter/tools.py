"""What is known here only to be refused: what people alone do, and what nobody has set up."""

from __future__ import annotations

from typing import Final

from toolrouter.ports import Entry, Refusal
from toolrouter.vocabulary import Risk

OPERATIONS: Final[tuple[Entry, ...]] = (
    Refusal(
        name="revenue.refund",
        title="Refund a payment",
        risk=Risk.FORBIDDEN,
        says="Only an owner refunds a payment, on the order's page.",
    ),
    Refusal(
        name="revenue.answer_dispute",
        title="Answer a dispute",
        risk=Risk.FORBIDDEN,
        says="Only a person answers a dispute, at Stripe.",
    ),
    Refusal(
        name="account.delete",
        title="Close an account",
        risk=Risk.FORBIDDEN,
        says="Only a person closes an account or erases somebody's data.",
    ),
    Refusal(
        name="legal.open_incident",
        title="Open a legal incident",
        risk=Risk.FORBIDDEN,
        says="Only an owner opens or closes a legal incident.",
    ),
    Refusal(
        name="credentials.change",
        title="Change credentials",
        risk=Risk.FORBIDDEN,
        says="Only an owner makes, changes or revokes keys, tokens and logins.",
    ),
    Refusal(
        name="provisioning.*",
        title="Set something up at a provider",
        risk=Risk.PROVISIONING,
        says="No provider is set up here that makes accounts, domains or servers.",
    ),
)
