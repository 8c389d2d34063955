"""What an order says to its buyer, case by case: what is known, and what happens next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kernel.state_words import complete


class BuyerCase(StrEnum):
    """What an order is to its buyer: its state, told apart by what that means for them."""

    BANK = "bank"
    PREPARING = "preparing"
    DELIVERED = "delivered"
    MAYBE_TWICE = "maybe_twice"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"
    REFUND_OWED = "refund_owed"
    INQUIRY = "inquiry"
    DISPUTED = "disputed"
    DISPUTE_LOST = "dispute_lost"
    DISPUTE_PARTLY_LOST = "dispute_partly_lost"
    REFUSED = "refused"
    CHECKED = "checked"
    CHECKED_FREE = "checked_free"
    CHECKED_UNPAID = "checked_unpaid"
    NOT_OURS = "not_ours"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyerWords:
    """What one case says. {refunded}, {owed}, {disputed}, {total}, {receipt} are filled in."""

    title: str  # of the tab
    badge: str
    tone: str
    heading: str
    text: str  # goes on right behind the order's reference
    opening: str = "Order"  # stands before the reference
    elsewhere: str = ""  # instead of ``text`` where some was paid another way than by Stripe
    write: tuple[str, str] | None = None  # what stands before and behind our address


ORDER: Final = complete(
    BuyerCase,
    {
        BuyerCase.BANK: BuyerWords(
            title="Your bank is processing the payment",
            badge="Bank is processing",
            tone="wait",
            heading="Your order is placed. Your bank is processing the payment.",
            text=". We have not received the money yet; some banks take several working days. You "
            "do not need to do anything, and you do not need to pay again: we write to you as soon "
            "as the payment has arrived or failed.",
        ),
        BuyerCase.PREPARING: BuyerWords(
            title="Your order is being prepared",
            badge="Payment received",
            tone="ok",
            heading="Thank you. Your order is being prepared.",
            text=". {receipt} Keep this page: it says where your order stands.",
        ),
        BuyerCase.DELIVERED: BuyerWords(
            title="Your order is delivered",
            badge="Delivered",
            tone="ok",
            heading="Your order is delivered.",
            text=". Keep this page: what you bought stays here.",
        ),
        BuyerCase.MAYBE_TWICE: BuyerWords(
            title="We received your payment",
            badge="Payment received",
            tone="ok",
            heading="Thank you. We received your payment.",
            text=". {receipt} Keep this page: it says where your order stands.",
        ),
        BuyerCase.PARTLY_REFUNDED: BuyerWords(
            title="We refunded part of your payment",
            badge="Partly refunded",
            tone="info",
            heading="We refunded {refunded} of your payment.",
            text=". The money goes back the way you paid; banks usually show it within five to ten "
            "days. Your order goes on.",
            elsewhere=". How each part went back stands below. Your order goes on.",
        ),
        BuyerCase.REFUNDED: BuyerWords(
            title="We refunded your payment",
            badge="Payment refunded",
            tone="info",
            heading="We refunded your payment.",
            text=". All {total} go back the way you paid; banks usually show it within five to ten "
            "days.",
            elsewhere=". How each part of it went back stands below.",
        ),
        BuyerCase.REFUND_OWED: BuyerWords(
            title="A refund did not reach you",
            badge="Refund not received",
            tone="wait",
            heading="A refund did not reach you. You still get {owed}.",
            text=". The money came back to us, and we look for another way to return it.",
            write=("If your card or account has changed, write to", " and name this order."),
        ),
        BuyerCase.INQUIRY: BuyerWords(
            title="Your bank asks about this payment",
            badge="Bank is asking",
            tone="wait",
            heading="Your bank asks about this payment, so the work is paused.",
            text=". No money was taken back. If you know this payment, tell your bank and write to "
            "us: then the work can go on.",
        ),
        BuyerCase.DISPUTED: BuyerWords(
            title="This payment is disputed",
            badge="Disputed",
            tone="wait",
            heading="This payment is disputed, so the work is paused.",
            text=". Your bank asked us about this payment and decides what happens with the money. "
            "If you did not mean to dispute it, tell your bank and write to us: then the work can "
            "go on.",
        ),
        BuyerCase.DISPUTE_LOST: BuyerWords(
            title="This payment is disputed",
            badge="Disputed",
            tone="wait",
            heading="Your bank gave the money back to you.",
            text=". The payment was disputed, and your bank decided for you. The order is closed.",
        ),
        BuyerCase.DISPUTE_PARTLY_LOST: BuyerWords(
            title="This payment is disputed",
            badge="Disputed",
            tone="wait",
            heading="Your bank gave {disputed} back to you.",
            text=". The payment was disputed, and your bank decided so. The work is paused; we "
            "will tell you how your order goes on.",
        ),
        BuyerCase.REFUSED: BuyerWords(
            title="The payment did not go through",
            badge="Payment failed",
            tone="bad",
            heading="The payment did not go through. Nothing was charged.",
            text=" is closed. Your bank declined the payment or did not confirm it in time. If you "
            "would still like it, you can order again, with another card or bank if you like.",
        ),
        BuyerCase.CHECKED: BuyerWords(
            title="We are checking your payment",
            badge="Being checked",
            tone="wait",
            heading="Your payment arrived, and we are checking it.",
            text=". Something about the payment differs from what we expected, so we look at it "
            "before we begin. You do not need to do anything, and you do not need to pay again. "
            "What we decide will stand here.",
        ),
        BuyerCase.CHECKED_FREE: BuyerWords(
            title="We are checking your order",
            badge="Being checked",
            tone="wait",
            heading="We are checking your order.",
            text=". It costs you nothing, which is not what we expected, so we look at it before "
            "we begin. You do not need to do anything. What we decide will stand here.",
        ),
        BuyerCase.CHECKED_UNPAID: BuyerWords(
            title="We are checking your order",
            badge="Being checked",
            tone="wait",
            heading="We are checking your order.",
            text=". We have not received any money for it yet. You do not need to do anything. "
            "What we decide will stand here.",
        ),
        BuyerCase.NOT_OURS: BuyerWords(
            title="This payment is not for an order of ours",
            badge="Not an order of ours",
            tone="off",
            heading="This payment is not for an order of ours.",
            opening="We looked at payment",
            text=": it does not belong to anything sold here, so we do no work for it.",
            write=("If you think that is wrong, please write to us at", "."),
        ),
    },
)
RECEIPT_SENT: Final = "We sent a receipt to the address you gave when you paid."
RECEIPT_DOUBTFUL: Final = "Our e-mail with the receipt may not have arrived; you find it here."
RECEIPT_ON_ITS_WAY: Final = "A receipt is on its way to the address you gave when you paid."
RECEIPT_HERE: Final = "Your receipt is on this page."
