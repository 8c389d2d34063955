"""What hangs on an order, as pages see it: plain values, no way back to the tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from kernel.money import Money
from kernel.people import name_of
from kernel.state_words import OperatorWords
from notices.enums import MailState
from revenue.enums import (
    ExcessSettledBy,
    LinkPurpose,
    MailKind,
    PaidBy,
    RefundState,
    RevenueKind,
    ReviewVerdict,
    Source,
)
from revenue.models import (
    BuyerMail,
    Dispute,
    DoubleVerdict,
    ExcessSettlement,
    OrderLink,
    OrderNote,
    OrderReview,
    Refund,
    RefundPaidElsewhere,
    RefundRequest,
    RevenueEvent,
)
from revenue.policy import DISPUTE_LOST, DISPUTES_CLOSED
from revenue.queries.refundable import OPEN_STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRow:
    """A person's verdict on an order, or that it is open again."""

    verdict: ReviewVerdict
    reason: str
    decided_by: str
    decided_at: datetime

    @property
    def is_reopening(self) -> bool:
        """Say whether it takes the verdict before it back."""
        return self.verdict == ReviewVerdict.REOPENED


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubleVerdictRow:
    """A person's word that the buyer meant to buy twice."""

    reason: str
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RevenueEventRow:
    """One fact about money, signed as the seller sees it."""

    reference: str
    order_id: int
    mode: str
    kind: RevenueKind
    amount: Money
    source: Source
    stripe_object_id: str
    event_id: str  # Stripe's, of the event that told of it; "" where none did
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRow:
    """A refund at Stripe."""

    stripe_id: str
    state_words: OperatorWords
    amount: Money
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequestRow:
    """A refund that a person asked for."""

    reference: str
    stripe_id: str  # "" until Stripe has it
    state: RefundState
    state_words: OperatorWords
    amount: Money
    reason: str
    last_error: str
    requested_by: str
    requested_at: datetime

    @property
    def is_open(self) -> bool:
        """Say whether it is not settled."""
        return self.state in OPEN_STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidElsewhereRow:
    """A refund that was paid another way than by Stripe."""

    reference: str
    amount: Money
    paid_by: PaidBy
    reason: str
    recorded_by: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcessSettlementRow:
    """What became of money that was refunded too much."""

    reference: str
    amount: Money
    settled_by: ExcessSettledBy
    is_returned: bool
    reason: str
    recorded_by: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeRow:
    """A dispute or an inquiry."""

    stripe_id: str
    title: str
    state_words: OperatorWords
    reason: str
    amount: Money
    opened_at: datetime
    evidence_due_at: datetime | None
    is_inquiry: bool
    is_to_answer: bool
    is_closed: bool
    is_lost: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRow:
    """A mail to the buyer."""

    reference: str
    kind: MailKind
    state: MailState
    state_words: OperatorWords
    amount: Money | None
    queued_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLinkRow:
    """A link to the buyer's page of an order."""

    made_for: LinkPurpose
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRow:
    """What the team wrote down about an order."""

    about: str
    words: str
    written_by: str
    written_at: datetime


def review_row(review: OrderReview) -> ReviewRow:
    """Read one verdict, whose author must be there too (``select_related``)."""
    return ReviewRow(
        verdict=ReviewVerdict(review.verdict),
        reason=review.reason,
        decided_by=name_of(review.decided_by),
        decided_at=review.decided_at,
    )


def double_verdict_row(verdict: DoubleVerdict) -> DoubleVerdictRow:
    """Read the word on a second payment, whose author must be there too (``select_related``)."""
    return DoubleVerdictRow(
        reason=verdict.reason,
        decided_by=name_of(verdict.decided_by),
        decided_at=verdict.decided_at,
    )


def with_event(facts: QuerySet[RevenueEvent]) -> QuerySet[RevenueEvent]:
    """Return ``facts`` with all that ``revenue_event_row`` reads, in one statement."""
    return facts.select_related("event").defer("event__body")


def revenue_event_row(fact: RevenueEvent) -> RevenueEventRow:
    """Read one fact of ``with_event``."""
    return RevenueEventRow(
        reference=fact.reference,
        order_id=fact.order_id,
        mode=fact.mode,
        kind=RevenueKind(fact.kind),
        amount=fact.amount,
        source=Source(fact.source),
        stripe_object_id=fact.stripe_object_id,
        event_id=fact.event.stripe_id if fact.event else "",
        recorded_at=fact.recorded_at,
    )


def refund_row(refund: Refund) -> RefundRow:
    """Read one refund."""
    return RefundRow(
        stripe_id=refund.stripe_id,
        state_words=refund.state_words,
        amount=refund.amount,
        created_at=refund.created_at,
    )


def refund_request_row(asked: RefundRequest) -> RefundRequestRow:
    """Read one request, whose author must be there too (``select_related``)."""
    return RefundRequestRow(
        reference=asked.reference,
        stripe_id=asked.stripe_id or "",
        state=RefundState(asked.state),
        state_words=asked.state_words,
        amount=asked.amount,
        reason=asked.reason,
        last_error=asked.last_error,
        requested_by=name_of(asked.requested_by),
        requested_at=asked.requested_at,
    )


def paid_elsewhere_row(paid: RefundPaidElsewhere) -> PaidElsewhereRow:
    """Read one record, whose author must be there too (``select_related``)."""
    return PaidElsewhereRow(
        reference=paid.reference,
        amount=paid.amount,
        paid_by=PaidBy(paid.paid_by),
        reason=paid.reason,
        recorded_by=name_of(paid.recorded_by),
        recorded_at=paid.recorded_at,
    )


def excess_settlement_row(settled: ExcessSettlement) -> ExcessSettlementRow:
    """Read one record, whose author must be there too (``select_related``)."""
    return ExcessSettlementRow(
        reference=settled.reference,
        amount=settled.amount,
        settled_by=ExcessSettledBy(settled.settled_by),
        is_returned=settled.is_returned,
        reason=settled.reason,
        recorded_by=name_of(settled.recorded_by),
        recorded_at=settled.recorded_at,
    )


def dispute_row(dispute: Dispute) -> DisputeRow:
    """Read one dispute."""
    return DisputeRow(
        stripe_id=dispute.stripe_id,
        title=dispute.title,
        state_words=dispute.state_words,
        reason=dispute.reason,
        amount=dispute.amount,
        opened_at=dispute.opened_at,
        evidence_due_at=dispute.evidence_due_at,
        is_inquiry=dispute.is_inquiry,
        is_to_answer=dispute.is_to_answer,
        is_closed=dispute.status in DISPUTES_CLOSED,
        is_lost=dispute.status == DISPUTE_LOST,
    )


def mail_row(mail: BuyerMail, *, currency: str) -> MailRow:
    """Read one mail about an order in ``currency``."""
    return MailRow(
        reference=mail.reference,
        kind=MailKind(mail.kind),
        state=MailState(mail.state),
        state_words=mail.state_words,
        amount=None if mail.amount_minor is None else Money(mail.amount_minor, currency),
        queued_at=mail.queued_at,
        sent_at=mail.sent_at,
    )


def order_link_row(link: OrderLink) -> OrderLinkRow:
    """Read one link."""
    return OrderLinkRow(
        made_for=LinkPurpose(link.made_for),
        created_at=link.created_at,
        revoked_at=link.revoked_at,
    )


def note_row(note: OrderNote) -> NoteRow:
    """Read one note, whose author must be there too (``select_related``)."""
    return NoteRow(
        about=note.about,
        words=note.words,
        written_by=name_of(note.written_by),
        written_at=note.written_at,
    )
