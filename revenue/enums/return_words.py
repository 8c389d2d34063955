"""What the return page says to a buyer, case by case: only what is known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kernel.state_words import complete


class ReturnCase(StrEnum):
    """What the return page knows of a checkout."""

    OPENING = "opening"
    OPEN = "open"
    CONFIRMING = "confirming"
    UNPAID = "unpaid"
    BANK = "bank"
    CHECKED = "checked"
    CHECKED_FREE = "checked_free"
    CHECKED_UNPAID = "checked_unpaid"
    FAILED = "failed"
    EXPIRED = "expired"
    NEVER_MADE = "never_made"
    REFUSED = "refused"
    REFUSED_ON_DEAL = "refused_on_deal"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnWords:
    """What one case says. {sum} is filled in."""

    title: str  # of the tab
    heading: str
    text: str  # goes on behind the order's reference where there is one
    more: str = ""  # a second paragraph
    badge: str = ""
    tone: str = ""
    pay: str = ""  # the words of the button that leads to the payment page
    is_of_order: bool = False  # ``text`` begins with the order, and a link to it follows
    is_to_offer: bool = False  # a link back to the offer follows
    look_again: tuple[str, str, str] | None = None  # around a link to the offer, and the link


_NOT_AGAIN: Final = " You do not need to do anything, and you do not need to pay again."
_DECIDED: Final = "What we decide will stand on the page of your order."
RETURN: Final = complete(
    ReturnCase,
    {
        ReturnCase.OPENING: ReturnWords(
            title="One moment",
            heading="One moment: the payment page is being opened.",
            text="Nothing has been charged. This page looks again by itself; as soon as the "
            "payment page is there you will find the way to it here.",
            look_again=(
                "If it takes longer than a minute,",
                "go back to the offer",
                "and try again: a page that nobody uses is closed and can never charge you.",
            ),
        ),
        ReturnCase.OPEN: ReturnWords(
            title="One moment",
            heading="The payment page is open.",
            text="Nothing has been charged yet.",
            pay="Go to the payment page and pay {sum}",
        ),
        ReturnCase.CONFIRMING: ReturnWords(
            title="One moment",
            heading="We are confirming your payment.",
            text="You came back from the payment page, but we have not heard from our payment "
            "provider yet. This usually takes a few seconds, and this page looks again by itself.",
            more="You do not need to pay again. If you close this page, you will still get an "
            "e-mail as soon as the payment is confirmed.",
        ),
        ReturnCase.UNPAID: ReturnWords(
            title="You have not paid yet",
            heading="You have not paid yet. Nothing was charged.",
            text="Our payment provider says that the payment page is still open and that nobody "
            "has paid there.",
            pay="Go back and pay {sum}",
            more="Did you pay a moment ago? Then wait here: this page looks again by itself.",
        ),
        ReturnCase.BANK: ReturnWords(
            title="Your bank is processing the payment",
            badge="Bank is processing",
            tone="wait",
            heading="Your order is placed. Your bank is processing the payment.",
            text=", {sum}. Some banks take several working days. We begin as soon as the money is "
            "there, and write to you either way.",
            is_of_order=True,
        ),
        ReturnCase.CHECKED: ReturnWords(
            title="We are looking at your payment",
            badge="Being checked",
            tone="wait",
            heading="Your payment arrived, and we are checking it.",
            text=". Something about the payment differs from what we expected, so we look at it "
            "before we begin." + _NOT_AGAIN,
            more=_DECIDED,
            is_of_order=True,
        ),
        ReturnCase.CHECKED_FREE: ReturnWords(
            title="We are looking at your order",
            badge="Being checked",
            tone="wait",
            heading="We are checking your order.",
            text=". It costs you nothing, which is not what we expected, so we look at it before "
            "we begin." + _NOT_AGAIN,
            more=_DECIDED,
            is_of_order=True,
        ),
        ReturnCase.CHECKED_UNPAID: ReturnWords(
            title="We are looking at your order",
            badge="Being checked",
            tone="wait",
            heading="We are checking your order.",
            text=". We have not received any money for it yet." + _NOT_AGAIN,
            more=_DECIDED,
            is_of_order=True,
        ),
        ReturnCase.FAILED: ReturnWords(
            title="The payment failed",
            badge="Payment failed",
            tone="bad",
            heading="Your bank did not make the payment. Nothing was charged.",
            text=" is closed. You can try again, with another card if you like.",
            is_of_order=True,
            is_to_offer=True,
        ),
        ReturnCase.EXPIRED: ReturnWords(
            title="Nothing was charged",
            heading="The payment page has expired. Nothing was charged.",
            text="It stays open for a limited time only. You can start again whenever you like.",
            is_to_offer=True,
        ),
        ReturnCase.NEVER_MADE: ReturnWords(
            title="Nothing was charged",
            heading="The payment page could not be opened. Nothing was charged.",
            text="Our payment provider does not know of it, so nobody can ever be charged by it. "
            "Please try again.",
            is_to_offer=True,
        ),
        ReturnCase.REFUSED: ReturnWords(
            title="Nothing was charged",
            heading="The payment page could not be opened. Nothing was charged.",
            text="Our payment provider refused to open it. We have been told; please try again "
            "later.",
            is_to_offer=True,
        ),
        ReturnCase.REFUSED_ON_DEAL: ReturnWords(
            title="Nothing was charged",
            heading="The payment page could not be opened. Nothing was charged.",
            text="Our payment provider refused to open it. Please try again later.",
            is_to_offer=True,
        ),
    },
)
