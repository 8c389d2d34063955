"""The words of the relationship: where a deal stands, what its timeline can say."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from django.db import models

from kernel.state_words import OperatorWords, for_operators

if TYPE_CHECKING:  # an app's config reads these words before there are models
    from kernel.transitions import Moves


class DealStage(models.TextChoices):
    """Where a deal stands. It is *open* until it is won or lost."""

    LEAD = "lead", "lead"
    QUALIFIED = "qualified", "qualified"
    PROPOSAL = "proposal", "proposal"
    CHECKOUT = "checkout", "checkout"
    WON = "won", "won"
    LOST = "lost", "lost"


DEALS: Final = for_operators(
    DealStage,
    {
        DealStage.LEAD: OperatorWords(tone="info"),
        DealStage.QUALIFIED: OperatorWords(tone="info"),
        DealStage.PROPOSAL: OperatorWords(tone="info"),
        DealStage.CHECKOUT: OperatorWords(tone="wait"),
        DealStage.WON: OperatorWords(tone="ok"),
        DealStage.LOST: OperatorWords(tone="bad"),
    },
)
OPEN_STAGES: Final = (
    DealStage.LEAD,
    DealStage.QUALIFIED,
    DealStage.PROPOSAL,
    DealStage.CHECKOUT,
)

# Every edge of a deal's life. What is not here cannot happen.
DEAL_MOVES: Final[Moves] = MappingProxyType(
    {
        DealStage.LEAD: frozenset(
            {
                DealStage.QUALIFIED,
                DealStage.PROPOSAL,
                DealStage.CHECKOUT,
                DealStage.WON,
                DealStage.LOST,
            }
        ),
        DealStage.QUALIFIED: frozenset(
            {DealStage.PROPOSAL, DealStage.CHECKOUT, DealStage.WON, DealStage.LOST}
        ),
        DealStage.PROPOSAL: frozenset({DealStage.CHECKOUT, DealStage.WON, DealStage.LOST}),
        DealStage.CHECKOUT: frozenset({DealStage.PROPOSAL, DealStage.WON, DealStage.LOST}),
        # Money may still arrive for a deal we gave up; a person may also take it up again.
        DealStage.LOST: frozenset({DealStage.WON, DealStage.QUALIFIED}),
        DealStage.WON: frozenset(),
    }
)

# What a person may do by hand. Only money wins a deal, and only accept/decline answers a lead.
MOVES_BY_HAND: Final[Moves] = MappingProxyType(
    {
        DealStage.LEAD: frozenset(),
        DealStage.QUALIFIED: frozenset({DealStage.PROPOSAL, DealStage.LOST}),
        DealStage.PROPOSAL: frozenset({DealStage.LOST}),
        DealStage.CHECKOUT: frozenset({DealStage.PROPOSAL, DealStage.LOST}),
        DealStage.LOST: frozenset({DealStage.QUALIFIED}),
        DealStage.WON: frozenset(),
    }
)


class SaleStatus(models.TextChoices):
    """What a sale means for its deal right now."""

    PENDING = "pending", "a bank is still processing"
    FAILED = "failed", "the payment failed"
    WON = "won", "the money is here"


class ActivityKind(models.TextChoices):
    """What a line of the timeline is about."""

    SNAPSHOT_REQUESTED = "snapshot_requested", "Snapshot requested"
    LEAD_ACCEPTED = "lead_accepted", "Lead accepted"
    LEAD_DECLINED = "lead_declined", "Lead declined"
    OWNER_ASSIGNED = "owner_assigned", "Reassigned"
    STAGE_MOVED = "stage_moved", "Stage changed"
    NOTE = "note", "Note"
    AGENT_NOTE = "agent_note", "Note by the agent"
    AGENT_NEXT_STEP = "agent_next_step", "Next step recommended by the agent"
    OFFER_CHOSEN = "offer_chosen", "Offer chosen"
    CHECKOUT_PREPARED = "checkout_prepared", "Checkout prepared"
    LINK_PREPARED = "link_prepared", "Payment link made"
    LINK_DEACTIVATED = "link_deactivated", "Payment link deactivated"
    CHECKOUT_EXPIRED = "checkout_expired", "Checkout expired, nothing charged"
    PAYMENT_ATTEMPT_FAILED = "payment_attempt_failed", "A payment attempt was declined"
    PAYMENT_PENDING = "payment_pending", "Bank is processing the payment"
    PAYMENT_FAILED = "payment_failed", "Payment failed, nothing charged"
    PAYMENT_RECEIVED = "payment_received", "Payment received"
    DOUBLE_PAYMENT = "double_payment", "Possible double payment"
    REFUND_REQUESTED = "refund_requested", "Refund asked for"
    REFUND_BOOKED = "refund_booked", "Refund booked"
    REFUND_FAILED = "refund_failed", "Refund failed"
    DISPUTE_OPENED = "dispute_opened", "Dispute opened"
    DISPUTE_CLOSED = "dispute_closed", "Dispute closed"
    ORDER_REVIEWED = "order_reviewed", "Order reviewed by a person"
    MAIL_SENT = "mail_sent", "E-mail sent"


# Lines whose words an agent wrote: shown as its words, never as a colleague's.
AGENT_KINDS: Final = frozenset({ActivityKind.AGENT_NOTE, ActivityKind.AGENT_NEXT_STEP})

ACTIVITY_OF_SALE: Final = MappingProxyType(
    {
        SaleStatus.PENDING: ActivityKind.PAYMENT_PENDING,
        SaleStatus.FAILED: ActivityKind.PAYMENT_FAILED,
        SaleStatus.WON: ActivityKind.PAYMENT_RECEIVED,
    }
)

# What the funnel is counted from.
FUNNEL_KINDS: Final = (
    ActivityKind.SNAPSHOT_REQUESTED,
    ActivityKind.LEAD_ACCEPTED,
    ActivityKind.CHECKOUT_PREPARED,
    ActivityKind.LINK_PREPARED,
    ActivityKind.PAYMENT_RECEIVED,
)
