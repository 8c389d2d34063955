"""What is known here only to be refused, and the provider that is people themselves."""

from __future__ import annotations

from typing import Final

from toolrouter.connections import Connection, Proved, Provider
from toolrouter.ports import Entry, Refusal
from toolrouter.vocabulary import Risk


class ByHand(Provider):
    """What people do themselves, with means of their own: there is no key, and nobody to ask."""

    name = "manual"
    title = "By hand"
    has_api = False

    def connection(self) -> Connection:
        """Return that people of the team do it."""
        return Connection(account="the team", address="")

    def ask(self, *, is_waited_for: bool) -> Proved:
        """Refuse: an owner vouches for it."""
        raise NotImplementedError(self.name, is_waited_for)


BY_HAND: Final = ByHand()
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
