"""The card numbers that decide what happens, and checks on what a person typed."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Flow(StrEnum):
    """How a payment with this card goes."""

    SUCCEEDS = "succeeds"
    DECLINES = "declines"
    ARRIVES_LATER = "arrives_later"
    FAILS_LATER = "fails_later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline:
    """Why a bank said no, in Stripe's codes and in words for the buyer."""

    code: str
    decline_code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One test number and what it makes happen."""

    number: str
    label: str
    detail: str
    flow: Flow = Flow.SUCCEEDS
    decline: Decline | None = None
    refund: str = "succeeded"  # or "pending" (arrives later) or "fails_later"
    dispute_reason: str | None = None
    is_inquiry: bool = False

    @property
    def brand(self) -> str:
        """The network, by the first digit."""
        return "mastercard" if self.number.startswith("5") else "visa"

    @property
    def last4(self) -> str:
        """The four digits one may show."""
        return self.number[-4:]

    @property
    def spaced(self) -> str:
        """The number as it is printed on a card."""
        return grouped(self.number)

    @property
    def is_delayed(self) -> bool:
        """Whether the money (or its refusal) comes after the session is complete."""
        return self.flow in {Flow.ARRIVES_LATER, Flow.FAILS_LATER}


GENERIC_DECLINE: Final = Decline(
    code="card_declined", decline_code="generic_decline", message="Your card was declined."
)
BANK_REFUSAL: Final = Decline(
    code="payment_intent_payment_attempt_failed",
    decline_code="insufficient_funds",
    message="The customer's account has insufficient funds to cover this payment.",
)

CARDS: Final = (
    Card(
        number="4242424242424242",
        label="pays",
        detail="The payment succeeds at once and the session is paid.",
    ),
    Card(
        number="5555555555554444",
        label="pays",
        detail="A Mastercard: the payment succeeds at once.",
    ),
    Card(
        number="4000000000000002",
        label="declined",
        detail="The bank declines without a reason. You stay on this page and can try again.",
        flow=Flow.DECLINES,
        decline=GENERIC_DECLINE,
    ),
    Card(
        number="4000000000009995",
        label="no funds",
        detail="Declined: the account has insufficient funds. You can try again.",
        flow=Flow.DECLINES,
        decline=Decline(
            code="card_declined",
            decline_code="insufficient_funds",
            message="Your card has insufficient funds.",
        ),
    ),
    Card(
        number="4000000000000069",
        label="expired",
        detail="Declined: the card has expired. You can try again.",
        flow=Flow.DECLINES,
        decline=Decline(
            code="expired_card", decline_code="expired_card", message="Your card has expired."
        ),
    ),
    Card(
        number="4000000000000127",
        label="wrong code",
        detail="Declined: the security code is wrong. You can try again.",
        flow=Flow.DECLINES,
        decline=Decline(
            code="incorrect_cvc",
            decline_code="incorrect_cvc",
            message="Your card's security code is incorrect.",
        ),
    ),
    Card(
        number="4000000000000119",
        label="error",
        detail="Declined: an error while processing. You can try again.",
        flow=Flow.DECLINES,
        decline=Decline(
            code="processing_error",
            decline_code="processing_error",
            message="An error occurred while processing your card. Try again in a little bit.",
        ),
    ),
    Card(
        number="4000000000002222",
        label="pays later",
        detail="You come back at once; the order waits, and the money arrives some seconds later.",
        flow=Flow.ARRIVES_LATER,
    ),
    Card(
        number="4000000000006611",
        label="fails later",
        detail="You come back at once; the order waits, and the bank refuses some seconds later.",
        flow=Flow.FAILS_LATER,
        decline=BANK_REFUSAL,
    ),
    Card(
        number="4000000000007726",
        label="slow refund",
        detail="The payment succeeds. A refund of it stays pending at first and then succeeds.",
        refund="pending",
    ),
    Card(
        number="4000000000005126",
        label="refund fails",
        detail="The payment succeeds. A refund of it succeeds at first and fails later.",
        refund="fails_later",
    ),
    Card(
        number="4000000000000259",
        label="disputed",
        detail="The payment succeeds. Some seconds later the holder disputes it as fraud.",
        dispute_reason="fraudulent",
    ),
    Card(
        number="4000000000002685",
        label="disputed",
        detail="The payment succeeds. Some seconds later the holder says nothing was received.",
        dispute_reason="product_not_received",
    ),
    Card(
        number="4000000000001976",
        label="inquiry",
        detail="The payment succeeds. Some seconds later the bank asks why; nothing is withdrawn.",
        dispute_reason="fraudulent",
        is_inquiry=True,
    ),
)
BY_NUMBER: Final = {card.number: card for card in CARDS}


def digits(text: str) -> str:
    """The number without the spaces and dashes people type."""
    return text.replace(" ", "").replace("-", "")


def grouped(text: str) -> str:
    """Digits in groups of four; anything else stays as it was typed."""
    number = digits(text)
    if not number.isdecimal():
        return text
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))


def passes_luhn(number: str) -> bool:
    """Whether the check digit fits."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
