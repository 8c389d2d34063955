"""What the page of one order says to its buyer: the case it is, its words, and its steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from fulfillment.enums import RunState
from kernel.money import Money
from revenue.enums import MailState, OrderState
from revenue.enums.for_buyers import (
    ORDER,
    RECEIPT_DOUBTFUL,
    RECEIPT_HERE,
    RECEIPT_ON_ITS_WAY,
    RECEIPT_SENT,
    BuyerCase,
    BuyerWords,
)

if TYPE_CHECKING:  # the page is built of these words
    from revenue.queries.order_page import OrderPage


def _paid(page: OrderPage) -> BuyerCase:
    if page.delivery is not None:
        return BuyerCase.DELIVERED
    return BuyerCase.MAYBE_TWICE if page.order.may_be_double else BuyerCase.PREPARING


def _disputed(page: OrderPage) -> BuyerCase:
    if page.is_dispute_lost:
        return BuyerCase.DISPUTE_LOST
    if page.is_inquiry:
        return BuyerCase.INQUIRY
    return BuyerCase.DISPUTE_PARTLY_LOST if page.is_partly_taken else BuyerCase.DISPUTED


def _needs_review(page: OrderPage) -> BuyerCase:
    if page.is_refused:
        return BuyerCase.REFUSED
    if page.order.paid_at is None:
        return BuyerCase.CHECKED_UNPAID
    return BuyerCase.CHECKED if page.order.amount_minor else BuyerCase.CHECKED_FREE


CASES: Final[MappingProxyType[str, BuyerCase | Callable[[OrderPage], BuyerCase]]] = (
    MappingProxyType(
        {
            OrderState.AWAITING_PAYMENT: BuyerCase.BANK,
            OrderState.PAID: _paid,
            OrderState.PARTIALLY_REFUNDED: BuyerCase.PARTLY_REFUNDED,
            OrderState.REFUNDED: BuyerCase.REFUNDED,
            OrderState.REFUND_OWED: BuyerCase.REFUND_OWED,
            OrderState.DISPUTED: _disputed,
            OrderState.FAILED: BuyerCase.REFUSED,
            OrderState.NEEDS_REVIEW: _needs_review,
            OrderState.NOT_OURS: BuyerCase.NOT_OURS,
        }
    )
)


def case_of(page: OrderPage) -> BuyerCase:
    """Return what the order is to its buyer."""
    case = CASES[page.order.state]
    return case if isinstance(case, BuyerCase) else case(page)


def words_of(page: OrderPage) -> BuyerWords:
    """Return what the page says, with its sums filled in."""
    order, words = page.order, ORDER[case_of(page)]
    filled = {
        "refunded": Money(order.refunded_minor, order.currency),
        "owed": Money(order.refund_owed_minor, order.currency),
        "disputed": Money(order.disputed_minor, order.currency),
        "total": order.total,
        "receipt": _receipt(page.receipt_state),
    }
    text = words.elsewhere if words.elsewhere and page.paid_elsewhere else words.text
    return replace(words, heading=words.heading.format(**filled), text=text.format(**filled))


def _receipt(state: str) -> str:
    if not state:
        return RECEIPT_HERE
    if state == MailState.SENT:
        return RECEIPT_SENT
    is_doubtful = state in (MailState.FAILED, MailState.UNKNOWN)
    return RECEIPT_DOUBTFUL if is_doubtful else RECEIPT_ON_ITS_WAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of an order, as its buyer reads it."""

    title: str
    look: str = ""  # "" is done, "now", or "later"
    at: datetime | None = None
    note: str = ""


# Where the work stands, as far as it is the buyer's business. Who does it the offer's words say.
_PROGRESS: Final[Mapping[str, tuple[str, str]]] = {
    RunState.WAITING_FOR_BRIEF: (
        "Waiting for your answer",
        "Tell us which company and question it is about. We begin with your answer.",
    ),
    RunState.RUNNING: ("Work under way", "We are working on it."),
    RunState.AWAITING_REVIEW: ("Last check", "It is written and being checked."),
}
_LATER: Final = (Step(title="Work set up", look="later"), Step(title="Delivered", look="later"))


def steps_of(page: OrderPage) -> Sequence[Step]:
    """Return what was done, what is being done and what comes, as far as it is known."""
    order = page.order
    if order.state == OrderState.AWAITING_PAYMENT:
        note = "We begin as soon as the money is there."
        now = Step(title="Your bank processes the payment", look="now", note=note)
        return Step(title="Order placed", at=order.placed_at), now, *_LATER
    if order.state == OrderState.NEEDS_REVIEW:
        first = "Payment arrived" if order.paid_at else "Order placed"
        now = Step(title="We check the payment", look="now")
        return Step(title=first, at=order.placed_at), now, *_LATER
    paid = Step(title="Paid", at=order.paid_at)
    if order.state == OrderState.REFUNDED or page.is_dispute_lost:
        by = "Refunded by your bank" if page.is_dispute_lost else "Refunded to you"
        return paid, Step(title=by, note="The work on this order has stopped.")
    return paid, _work(page), _delivery(page)


def _work(page: OrderPage) -> Step:
    if page.delivery is not None:
        return Step(title="Work done", at=page.delivery.made_at)
    if page.pause_words:
        return Step(title="Paused", look="now", note=page.pause_words)
    run = page.intake.run if page.intake is not None else None
    if run is None:
        note = "We have your order; the work on it is entered next."
        return Step(title="Work being set up", look="now", note=note)
    title, note = _PROGRESS.get(run.state, ("Work set up", "The work on it comes next."))
    return Step(title=title, look="now", at=run.created_at, note=note)


def _delivery(page: OrderPage) -> Step:
    note = ""
    if page.delivery is not None:
        return Step(title="Delivered", at=page.delivery.closed_at)
    if page.due_on is not None and not page.pause_words:
        day = f"{page.due_on:%a} {page.due_on.day} {page.due_on:%b %Y}"
        note = f"By {day}. If you do not have it by then, write to us."
    return Step(title="Delivered", look="later", note=note)
