"""What a buyer's own page says of an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta

from fulfillment import queries as fulfillment
from fulfillment.enums import FreezeReason
from fulfillment.queries import IntakeFacts
from fulfillment.queries.deliverables import DeliverableRow, released_for_order
from kernel.modes import MODE_WORDS, Mode
from kernel.money import Money
from revenue.enums import MailKind, OrderState
from revenue.enums.for_buyers import BuyerWords
from revenue.models import BuyerMail, Dispute, Order, Refund, RefundPaidElsewhere
from revenue.policy import DISPUTES_CLOSED, REFUNDS_UNDONE
from revenue.queries.order_words import Step, steps_of, words_of
from revenue.queries.outbox import masked_address

REFUND_WORDS = {
    "pending": "on its way",
    "requires_action": "waiting for your bank",
    "succeeded": "returned",
    "failed": "your bank did not take it",
    "canceled": "not made",
}
PAUSE_WORDS = {
    FreezeReason.DISPUTE: "Your bank is looking into the payment. The work goes on when it is "
    "settled.",
    FreezeReason.REFUND: "The payment was returned, so the work has stopped.",
    FreezeReason.REVIEW: "We check the payment first.",
}
FRIDAY, SATURDAY = 4, 5


@dataclass(frozen=True, slots=True)
class RefundLine:
    """One refund in the buyer's words."""

    refund: Refund
    words: str

    @property
    def is_undone(self) -> bool:
        """Whether the money did not go back after all."""
        return self.refund.status in REFUNDS_UNDONE


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPage:
    """One order as its buyer sees it."""

    order: Order
    intake: IntakeFacts | None
    refunds: Sequence[RefundLine]
    paid_elsewhere: Sequence[RefundPaidElsewhere]
    open_disputes: Sequence[Dispute]
    receipt_state: str
    delivery: DeliverableRow | None

    @property
    def net(self) -> Money:
        """What was bought, without tax."""
        return Money(self.order.amount_minor - self.order.tax_minor, self.order.currency)

    @property
    def kept(self) -> Money:
        """What of the payment has not gone back."""
        return self.order.refundable

    @property
    def is_dispute_lost(self) -> bool:
        """Whether the bank decided, and nothing of the payment is with us any more."""
        return self.is_partly_taken and self.order.is_given_back

    @property
    def is_partly_taken(self) -> bool:
        """Whether the bank decided, and gave back some of the payment or all."""
        is_disputed = self.order.state == OrderState.DISPUTED
        return is_disputed and self.order.disputed_minor > 0 and not self.open_disputes

    @property
    def is_inquiry(self) -> bool:
        """Whether the bank only asks, and nothing of the payment is withdrawn."""
        is_asked = bool(self.open_disputes) and all(each.is_inquiry for each in self.open_disputes)
        return is_asked and not self.order.disputed_minor

    @property
    def failed_refund(self) -> RefundLine | None:
        """The newest refund, where it failed and its money is still with us."""
        newest = self.refunds[-1] if self.refunds else None
        is_held = self.kept.amount_minor > 0 and self.order.state != OrderState.DISPUTED
        return newest if newest is not None and newest.is_undone and is_held else None

    @property
    def buyer_words(self) -> str:
        """Who paid, so that they know themselves and nobody else does; nothing once erased."""
        return masked_address(self.order.buyer_email) if self.order.buyer_email else ""

    @property
    def mode_words(self) -> str:
        """What kind of money this was."""
        return MODE_WORDS[Mode(self.order.mode)]

    @property
    def pause_words(self) -> str:
        """Why nobody works on it just now; nothing where somebody does."""
        if self.intake is not None and self.intake.frozen_reason:
            if self.order.state == OrderState.REFUND_OWED:
                return "You get your money back, so the work has stopped."
            return PAUSE_WORDS[FreezeReason(self.intake.frozen_reason)]
        is_disputed = self.order.state == OrderState.DISPUTED
        return PAUSE_WORDS[FreezeReason.DISPUTE] if is_disputed else ""

    @property
    def due_on(self) -> date | None:
        """The day by which the offer promises the work: so many Mondays to Fridays later, UTC."""
        if self.order.paid_at is None or self.order.offer is None:
            return None
        day = self.order.paid_at.astimezone(UTC).date()
        for _ in range(self.order.offer.delivered_within_days):
            day += timedelta(days={FRIDAY: 3, SATURDAY: 2}.get(day.weekday(), 1))
        return day

    @property
    def is_refused(self) -> bool:
        """Whether the bank did not make the payment, whatever is still to be decided about it."""
        undecided = self.order.state == OrderState.NEEDS_REVIEW and self.order.is_refused
        return undecided or self.order.state == OrderState.FAILED

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of this order."""
        over = (OrderState.REFUNDED, OrderState.NOT_OURS)
        return self.order.state in over or self.is_refused or self.is_dispute_lost

    @property
    def says(self) -> BuyerWords:
        """Where the order stands, in words."""
        return words_of(self)

    @property
    def steps(self) -> Sequence[Step]:
        """What was done, is being done and comes."""
        return steps_of(self)


def order_for_buyer(reference: str) -> Order | None:
    """Return the order called ``reference``, with its offer. Access is the caller's to check."""
    return Order.objects.select_related("offer").filter(reference=reference).first()


def order_page(order: Order) -> OrderPage:
    """Return all that the page of ``order`` says. At most six statements."""
    open_disputes = Dispute.objects.filter(order=order).exclude(status__in=DISPUTES_CLOSED)
    receipts = BuyerMail.objects.filter(order=order, kind=MailKind.PAID)
    refunds = Refund.objects.filter(order=order).order_by("created_at", "pk")
    elsewhere = RefundPaidElsewhere.objects.filter(order=order)
    return OrderPage(
        order=order,
        intake=fulfillment.intake_of_order(order.pk),
        refunds=[
            RefundLine(refund, REFUND_WORDS.get(refund.status, "being made")) for refund in refunds
        ],
        paid_elsewhere=list(elsewhere.order_by("pk")) if order.refunded_minor else [],
        open_disputes=list(open_disputes),
        receipt_state=receipts.values_list("state", flat=True).first() or "",
        delivery=released_for_order(order.pk),
    )
