"""The words of the sale, and the tables of what may follow what."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from django.db import models

from notices.enums import MailState
from revenue.enums.refunds import (
    REFUND_MOVES,
    ExcessSettledBy,
    PaidBy,
    RefundFilter,
    RefundState,
)

if TYPE_CHECKING:  # an app's config reads these words before there are models
    from kernel.transitions import Moves

__all__ = [
    "REFUND_MOVES",
    "ExcessSettledBy",
    "MailState",
    "PaidBy",
    "RefundFilter",
    "RefundState",
]


class OfferState(models.TextChoices):
    """A draft may be edited; a published version is frozen; a retired one sells no more."""

    DRAFT = "draft", "draft"
    PUBLISHED = "published", "published"
    RETIRED = "retired", "retired"


OFFER_MOVES: Moves = MappingProxyType(
    {
        OfferState.DRAFT: frozenset({OfferState.PUBLISHED}),
        OfferState.PUBLISHED: frozenset({OfferState.RETIRED}),
        OfferState.RETIRED: frozenset(),
    }
)


class CheckoutState(models.TextChoices):
    """What we know of a Checkout Session. ``unknown`` is where every one begins and may return."""

    UNKNOWN = "unknown", "unknown"
    OPEN = "open", "open"
    COMPLETE = "complete", "complete"
    EXPIRED = "expired", "expired"
    FAILED = "failed", "failed"  # Stripe refused to make it, or it was never made


CHECKOUT_MOVES: Moves = MappingProxyType(
    {
        CheckoutState.UNKNOWN: frozenset(
            {
                CheckoutState.OPEN,
                CheckoutState.COMPLETE,
                CheckoutState.EXPIRED,
                CheckoutState.FAILED,
            }
        ),
        CheckoutState.OPEN: frozenset({CheckoutState.COMPLETE, CheckoutState.EXPIRED}),
        # A payment may be reported after the expiry, and after we gave a session up.
        CheckoutState.EXPIRED: frozenset({CheckoutState.COMPLETE}),
        CheckoutState.FAILED: frozenset(
            {CheckoutState.OPEN, CheckoutState.COMPLETE, CheckoutState.EXPIRED}
        ),
        CheckoutState.COMPLETE: frozenset(),
    }
)


class CheckoutOrigin(models.TextChoices):
    """How a Checkout Session came to be."""

    OFFER_PAGE = "offer_page", "offer page"
    DEAL = "deal", "prepared from a deal"
    PAYMENT_LINK = "payment_link", "payment link"
    FOREIGN = "foreign", "not made by us"


class PaymentLinkState(models.TextChoices):
    """What we know of a payment link."""

    UNKNOWN = "unknown", "unknown"
    ACTIVE = "active", "active"
    USED = "used", "used"
    DEACTIVATED = "deactivated", "inactive"
    FAILED = "failed", "failed"


PAYMENT_LINK_MOVES: Moves = MappingProxyType(
    {
        PaymentLinkState.UNKNOWN: frozenset(
            {PaymentLinkState.ACTIVE, PaymentLinkState.FAILED, PaymentLinkState.DEACTIVATED}
        ),
        PaymentLinkState.ACTIVE: frozenset({PaymentLinkState.USED, PaymentLinkState.DEACTIVATED}),
        PaymentLinkState.USED: frozenset(),
        PaymentLinkState.DEACTIVATED: frozenset({PaymentLinkState.USED}),
        PaymentLinkState.FAILED: frozenset({PaymentLinkState.ACTIVE}),
    }
)


class EventState(models.TextChoices):
    """Where a filed webhook event stands."""

    RECEIVED = "received", "received"
    PROCESSING = "processing", "processing"
    PROCESSED = "processed", "processed"
    IGNORED = "ignored", "ignored"
    WAITING = "waiting", "waiting for an earlier event"
    FAILED = "failed", "failed, will be retried"
    DEAD = "dead", "failed: needs attention"
    CLOSED = "closed", "closed without acting"


_FROM_WORK = frozenset(
    {
        EventState.PROCESSED,
        EventState.IGNORED,
        EventState.WAITING,
        EventState.FAILED,
        EventState.DEAD,
        EventState.PROCESSING,  # a lease ran out and another worker took over
        EventState.RECEIVED,  # claimed, and given back before anybody began with it
    }
)
_TO_WORK = frozenset({EventState.PROCESSING})

EVENT_MOVES: Moves = MappingProxyType(
    {
        EventState.RECEIVED: _TO_WORK,
        EventState.PROCESSING: _FROM_WORK,
        EventState.WAITING: _TO_WORK,
        EventState.FAILED: _TO_WORK,
        # A person replays it, or says that nothing is to be done about it; or it comes again in a
        # version that we read, where we could not read the first one.
        EventState.DEAD: _TO_WORK | {EventState.CLOSED, EventState.RECEIVED},
        EventState.CLOSED: _TO_WORK | {EventState.RECEIVED},
        EventState.PROCESSED: _TO_WORK,
        EventState.IGNORED: _TO_WORK,
    }
)


class Source(models.TextChoices):
    """Which way a fact of Stripe's came in."""

    DELIVERY = "delivery", "delivery"
    SWEEP = "sweep", "sweep"
    REPLAY = "replay", "replay"
    RECONCILE = "reconcile", "reconcile"
    LANDING = "landing", "return page"
    ANSWER = "answer", "answer to a call"
    DECISION = "decision", "a person"


class Outcome(models.TextChoices):
    """How one attempt at one event ended."""

    RECORDED = "recorded", "recorded"
    ALREADY_KNOWN = "already_known", "duplicate, no change"
    IGNORED = "ignored", "ignored"
    WAITING = "waiting", "waiting for an earlier event"
    FAILED = "failed", "failed"
    NEEDS_OPERATOR = "parked", "failed: needs attention"


class OrderState(models.TextChoices):
    """A pure function of the order's facts: see ``revenue.policy.order_state``."""

    AWAITING_PAYMENT = "awaiting_payment", "awaiting payment"
    PAID = "paid", "paid"
    PARTIALLY_REFUNDED = "partially_refunded", "partially refunded"
    REFUNDED = "refunded", "refunded"
    REFUND_OWED = "refund_owed", "refund owed"  # one failed, and its money is still here
    DISPUTED = "disputed", "disputed"
    FAILED = "failed", "payment failed"
    NEEDS_REVIEW = "needs_review", "needs review"
    NOT_OURS = "not_ours", "not ours"


_MONEY_STATES = frozenset(
    {
        OrderState.PAID,
        OrderState.PARTIALLY_REFUNDED,
        OrderState.REFUNDED,
        OrderState.REFUND_OWED,
        OrderState.DISPUTED,
    }
)
# While an order is in one of these, money of it is or may still be held.
HELD_STATES = _MONEY_STATES - {OrderState.REFUNDED}
_UNPAID_STATES = frozenset({OrderState.AWAITING_PAYMENT, OrderState.FAILED})

# Once money has come the order never goes back to unpaid; what a person ruled out stays so until
# a person opens it again.
ORDER_MOVES: Moves = MappingProxyType(
    {
        OrderState.AWAITING_PAYMENT: _MONEY_STATES | {OrderState.FAILED, OrderState.NEEDS_REVIEW},
        OrderState.FAILED: _MONEY_STATES | {OrderState.NEEDS_REVIEW},
        OrderState.NEEDS_REVIEW: _MONEY_STATES | _UNPAID_STATES | {OrderState.NOT_OURS},
        OrderState.NOT_OURS: frozenset({OrderState.NEEDS_REVIEW, OrderState.REFUND_OWED}),
        **{state: _MONEY_STATES - {state} for state in _MONEY_STATES},
        # Given back in full before anybody decided, and then the refund failed at the bank.
        OrderState.REFUNDED: (_MONEY_STATES - {OrderState.REFUNDED}) | {OrderState.NEEDS_REVIEW},
        # What is owed may belong to an order that was ruled out, or that nobody accepted.
        OrderState.REFUND_OWED: (_MONEY_STATES - {OrderState.REFUND_OWED})
        | {OrderState.NEEDS_REVIEW, OrderState.NOT_OURS},
    }
)


class ReviewReason(models.TextChoices):
    """Why a person has to look at an order."""

    AMOUNT_DIFFERS = "amount_differs", "Stripe took a different amount than the offer asks"
    CURRENCY_DIFFERS = "currency_differs", "Stripe took another currency than the offer asks"
    UNKNOWN_SESSION = "unknown_session", "the payment belongs to no checkout of ours"
    FOREIGN_MODE = "foreign_mode", "the checkout was made in another mode"


class ReviewVerdict(models.TextChoices):
    """What the person decided. ``reopened`` takes the verdict before it back."""

    ACCEPTED = "accepted", "accepted as paid"
    REFUND = "refund", "to be refunded"
    NOT_OURS = "not_ours", "not ours"
    REOPENED = "reopened", "open again"


class RevenueKind(models.TextChoices):
    """What happened to money; the amount is signed as the seller sees it."""

    PAYMENT = "payment", "payment"
    REFUND = "refund", "refund"
    REFUND_REVERSAL = "refund_reversal", "refund that failed and came back"
    REFUND_ELSEWHERE = "refund_elsewhere", "refund paid another way than by Stripe"
    REFUND_RETURNED = "refund_returned", "refund that the buyer returned"
    DISPUTE = "dispute", "funds withdrawn for a dispute"
    DISPUTE_REVERSAL = "dispute_reversal", "funds of a dispute returned"
    FEE = "fee", "Stripe's fee"


class Gap(models.TextChoices):
    """Why two totals of a day are not the same; the gravest first."""

    DIFFERS = "differs", "differs"
    UNDER_WAY = "under_way", "differs, because a bank still processes it"
    YOUNG = "young", "differs, but younger than 15 min: looked at again by the next run"


class MailKind(models.TextChoices):
    """Mails to a buyer; each at most once per order and dedupe key."""

    PAID = "paid", "receipt"
    BANK_PROCESSING = "bank_processing", "the bank is still processing"
    PAYMENT_FAILED = "payment_failed", "the payment failed"
    REFUND_BOOKED = "refund_booked", "a refund was made"
    REFUND_FAILED = "refund_failed", "a refund failed"
    REFUND_ELSEWHERE = "refund_elsewhere", "a refund was paid another way"
    NOT_OURS = "not_ours", "the payment is not for an order of ours"
    ORDER_LINK = "order_link", "a new link to the order"
    DELIVERED = "delivered", "the work is delivered"


class LinkPurpose(models.TextChoices):
    """What a link to an order was made for: a browser, or a mail (named like its MailKind)."""

    UNNOTED = "", "not noted"
    PAYING = "paying", "the browser that went to pay"
    RETURN = "return", "the browser that came back from paying"
    PAID = "paid", "the receipt by e-mail"
    BANK_PROCESSING = "bank_processing", "the e-mail that the bank is still processing"
    PAYMENT_FAILED = "payment_failed", "the e-mail that the payment failed"
    REFUND_BOOKED = "refund_booked", "the e-mail about a refund"
    REFUND_FAILED = "refund_failed", "the e-mail about a failed refund"
    REFUND_ELSEWHERE = "refund_elsewhere", "the e-mail about a refund paid another way"
    NOT_OURS = "not_ours", "the e-mail that the payment is not for an order of ours"
    ORDER_LINK = "order_link", "a new link that the buyer asked for"
    DELIVERED = "delivered", "the e-mail that the work is delivered"


class AlertKind(models.TextChoices):
    """What operators are told of a sale, once per item: see ``revenue.alert_kinds``."""

    ORDER_REVIEW = "order_review", "an order needs review"
    EVENT_DEAD = "event_dead", "a Stripe event needs a person"
    EVENT_DIFFERS = "event_differs", "a known event id came with other content"
    DOUBLE_PAYMENT = "double_payment", "a buyer may have paid twice"
    DISPUTE_OPENED = "dispute_opened", "a dispute was opened"
    REFUND_FAILED = "refund_failed", "a refund failed"
    REFUND_EXCESS = "refund_excess", "more was refunded than paid"
    RECONCILE_DIFFERENCE = "reconcile_difference", "our books and Stripe's differ"
    DELIVERY_WRONG = "delivery_wrong", "a buyer says that a delivery is wrong"
    MAIL_UNSENT = "mail_unsent", "a mail to a buyer did not leave"
    CHECKOUT_REFUSED = "checkout_refused", "Stripe refused to open a payment page"
    LINKS_UNPAYABLE = "links_unpayable", "nobody can pay by some payment links"
    DELIVERIES_REFUSED = "deliveries_refused", "deliveries to Stripe's door are refused"


class Refusal(models.TextChoices):
    """Why the webhook's door refused a delivery."""

    UNSIGNED = "unsigned", "not signed, or the signature is no such"
    SECRET = "secret", "signed with no secret of ours"
    STALE = "stale", "signed too long ago, or in the future"
    BODY = "body", "signed, and no event"


class DisputeFilter(models.TextChoices):
    """What is to be done about a dispute or an inquiry, by Stripe's own word for it."""

    TO_ANSWER = "to_answer", "To answer"
    ANSWERED = "answered", "Answered, under review"
    CLOSED = "closed", "Closed"
