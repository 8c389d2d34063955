"""What each state of a sale says to operators. Its word on a badge is its label."""

from __future__ import annotations

from typing import Final

from kernel.state_words import OperatorWords as Says
from kernel.state_words import for_operators
from revenue.enums import (
    CheckoutState,
    EventState,
    Gap,
    OfferState,
    OrderState,
    PaymentLinkState,
)
from revenue.enums.refunds import ExcessSettledBy, PaidBy, RefundState

# {sum} is what Stripe took, or would have.
ORDERS: Final = for_operators(
    OrderState,
    {
        OrderState.AWAITING_PAYMENT: Says(
            tone="wait", heading="The bank is still processing {sum}"
        ),
        OrderState.PAID: Says(tone="ok", heading="{sum} paid"),
        OrderState.PARTIALLY_REFUNDED: Says(tone="wait", heading="{sum} paid, partly refunded"),
        OrderState.REFUNDED: Says(tone="info", heading="{sum} paid and refunded"),
        OrderState.REFUND_OWED: Says(tone="bad", heading="{sum} paid, a refund is owed"),
        OrderState.DISPUTED: Says(tone="bad", heading="The buyer disputes {sum}"),
        OrderState.FAILED: Says(
            tone="bad", heading="The payment of {sum} failed, nothing was charged"
        ),
        OrderState.NEEDS_REVIEW: Says(tone="bad", heading="A person has to decide about {sum}"),
        OrderState.NOT_OURS: Says(tone="off", heading="{sum} that is not ours"),
    },
)
# The bank asks, and has withdrawn nothing: the state is ``disputed``, and nobody disputes yet.
INQUIRY: Final = Says(tone="bad", badge="inquiry", heading="The bank asks about {sum}")

OFFERS: Final = for_operators(
    OfferState,
    {
        OfferState.DRAFT: Says(tone="wait"),
        OfferState.PUBLISHED: Says(tone="ok", badge="on sale"),
        OfferState.RETIRED: Says(tone="off", badge="off sale"),
    },
)

CHECKOUTS: Final = for_operators(
    CheckoutState,
    {
        CheckoutState.UNKNOWN: Says(
            tone="wait",
            heading="Stripe has not answered yet.",
            note="Nobody knows yet whether the checkout was made. Nothing was charged.",
        ),
        CheckoutState.OPEN: Says(tone="wait", heading="The checkout is open."),
        CheckoutState.COMPLETE: Says(tone="ok", heading="The checkout is complete."),
        CheckoutState.EXPIRED: Says(
            tone="off",
            heading="The checkout ran out; nothing was charged.",
            note="Nobody paid in time. Prepare another one, or make a payment link, from the deal.",
        ),
        CheckoutState.FAILED: Says(
            tone="bad",
            heading="There is no checkout: Stripe did not make it.",
            note="Stripe did not make this checkout. Nothing was charged. Go back to the deal and "
            "prepare another.",
        ),
    },
)
CHECKOUT_CLOSED: Final = Says(
    tone="off",
    badge="closed",
    heading="The checkout was closed; nothing was charged.",
    note="Nobody can pay it any more. Prepare another one, or make a payment link, from the deal.",
)

PAYMENT_LINKS: Final = for_operators(
    PaymentLinkState,
    {
        PaymentLinkState.UNKNOWN: Says(
            tone="wait",
            heading="Stripe has not answered yet.",
            note="Nobody knows yet whether the link was made. Nothing was sent to anybody.",
        ),
        PaymentLinkState.ACTIVE: Says(tone="ok", heading="The payment link is ready to be sent."),
        PaymentLinkState.USED: Says(
            tone="ok",
            heading="The link was paid.",
            note="It took its one payment and takes no other.",
        ),
        PaymentLinkState.DEACTIVATED: Says(
            tone="off",
            heading="The link is inactive.",
            note="Nobody can pay by it any more; make another one from the deal.",
        ),
        PaymentLinkState.FAILED: Says(
            tone="bad",
            heading="There is no link: Stripe did not make it.",
            note="Stripe did not make this link. Nobody can pay by it. Go back to the deal and "
            "make another.",
        ),
    },
)

# ``note`` says what came of an event of which nothing was booked.
EVENTS: Final = for_operators(
    EventState,
    {
        EventState.RECEIVED: Says(
            tone="wait", heading="filed, and not acted on yet", note="Nothing yet."
        ),
        EventState.PROCESSING: Says(
            tone="wait", heading="a worker is acting on it", note="Nothing yet."
        ),
        EventState.PROCESSED: Says(
            tone="ok",
            heading="recorded",
            note="It moved no money and made no order: what it says was known already, or is kept "
            "on the trace.",
        ),
        EventState.IGNORED: Says(
            tone="off",
            heading="kept; it means nothing to the sale",
            note="Nothing: {because}",
        ),
        EventState.WAITING: Says(
            tone="wait", heading="waiting for an earlier event", note="Nothing yet."
        ),
        EventState.FAILED: Says(
            tone="bad",
            heading="the last attempt failed; it will be tried again",
            note="Nothing yet.",
        ),
        EventState.DEAD: Says(
            tone="bad",
            heading="a person has to look at it",
            note="Nothing: a person has to look at it first.",
        ),
        EventState.CLOSED: Says(
            tone="off",
            heading="closed without acting on it",
            note="Nothing. It can still be replayed.",
        ),
    },
)

REFUND_REQUESTS: Final = for_operators(
    RefundState,
    {
        RefundState.UNKNOWN: Says(tone="wait"),
        RefundState.REQUESTED: Says(tone="wait"),
        RefundState.REFUSED: Says(tone="bad"),
        RefundState.BOOKED: Says(tone="ok"),
        RefundState.FAILED: Says(tone="bad"),
    },
)

GAPS: Final = for_operators(
    Gap,
    {
        Gap.DIFFERS: Says(tone="bad", badge="differ"),
        Gap.UNDER_WAY: Says(tone="wait", badge="at the bank"),
        Gap.YOUNG: Says(tone="wait", badge="settling"),
    },
)

# A person's word about money that Stripe does not move: done when it is written down.
REFUNDS_ELSEWHERE: Final = for_operators(PaidBy, {way: Says(tone="ok") for way in PaidBy.values})
OVER_REFUNDS: Final = for_operators(
    ExcessSettledBy,
    {
        ExcessSettledBy.BANK_TRANSFER: Says(tone="ok", badge="returned by bank transfer"),
        ExcessSettledBy.CASH: Says(tone="ok", badge="returned in cash"),
        ExcessSettledBy.OTHER: Says(tone="ok", badge="returned another way"),
        ExcessSettledBy.WRITTEN_OFF: Says(tone="off"),
    },
)
