"""The timeline of one order, out of what revenue and fulfillment keep."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from console.addresses import address_of
from console.source_text import sentence
from console.timeline import Line, Link, merged, of_run
from fulfillment.queries import EventLine, IntakeFacts
from revenue.enums import RefundState, RevenueKind
from revenue.queries import (
    CheckoutRow,
    DisputeRow,
    ExcessSettlementRow,
    MailRow,
    NoteRow,
    OrderFile,
    PaidElsewhereRow,
    RefundRequestRow,
    RevenueEventRow,
)

MONEY_TITLES: Final = {
    RevenueKind.PAYMENT: "Payment booked",
    RevenueKind.REFUND: "Refund booked",
    RevenueKind.REFUND_REVERSAL: "A refund failed and came back",
    RevenueKind.REFUND_ELSEWHERE: "Refund paid another way, booked",
    RevenueKind.REFUND_RETURNED: "Refund returned by the buyer, booked",
    RevenueKind.DISPUTE: "Funds withdrawn for a dispute",
    RevenueKind.DISPUTE_REVERSAL: "Funds of a dispute returned",
    RevenueKind.FEE: "Stripe’s fee booked",
}


def lines_of(
    found: OrderFile, *, intake: IntakeFacts | None, events: Iterable[EventLine]
) -> list[Line]:
    """Return everything that happened to one order, newest first."""
    run = intake.run if intake else None
    return merged(
        _checkout(found.checkout),
        _order(found),
        (_money(fact) for fact in found.revenue_events),
        (_request(asked) for asked in found.refund_requests),
        (_paid_elsewhere(paid) for paid in found.paid_elsewhere),
        (_excess_settled(settled) for settled in found.excess_settlements),
        (_dispute(dispute) for dispute in found.disputes),
        (_mail(mail) for mail in found.mails),
        (_note(note) for note in found.notes),
        _work(intake),
        of_run(run.reference, events, mode="") if run else [],
    )


def _checkout(checkout: CheckoutRow) -> Iterable[Line]:
    moments = (
        ("Checkout begun", checkout.created_at),
        ("Handed to Stripe’s page", checkout.handed_off_at),
        ("Left Stripe’s page without paying", checkout.cancelled_at),
        ("Came back from Stripe’s page", checkout.returned_at),
    )
    for title, at in moments:
        if at is not None:
            yield Line(at=at, title=title)


def _order(found: OrderFile) -> Iterable[Line]:
    order = found.order
    if order.payment_failed_at is not None:
        yield Line(at=order.payment_failed_at, title="The payment failed, nothing was charged")
    if order.paid_at is None or order.paid_at != order.placed_at:
        yield Line(at=order.placed_at, title="Checkout completed, the bank had not paid yet")
    for review in found.reviews:
        yield Line(
            at=review.decided_at,
            title="Reopened" if review.is_reopening else f"Decided: {review.verdict.label}",
            actor=review.decided_by,
            words=review.reason,
        )
    if found.double_verdict is not None:
        yield Line(
            at=found.double_verdict.decided_at,
            title="Decided: the buyer meant both payments",
            actor=found.double_verdict.decided_by,
            words=found.double_verdict.reason,
        )


def _money(fact: RevenueEventRow) -> Line:
    links = [Link(words="event", reference=fact.reference, address="")]
    if fact.event_id:
        address = address_of(fact.event_id)
        links.append(Link(words="Stripe’s", reference=fact.event_id, address=address))
    return Line(
        at=fact.recorded_at,
        title=MONEY_TITLES[fact.kind],
        amount=fact.amount,
        note=sentence(fact.source),
        links=tuple(links),
    )


def _request(asked: RefundRequestRow) -> Line:
    refused = f" ({asked.last_error})" if asked.state == RefundState.REFUSED else ""
    return Line(
        at=asked.requested_at,
        title="Refund asked for",
        actor=asked.requested_by,
        amount=asked.amount,
        note=f"Now: {asked.state.label}{refused}.",
        words=asked.reason,
        links=(Link(words="request", reference=asked.reference, address=""),),
    )


def _paid_elsewhere(paid: PaidElsewhereRow) -> Line:
    return Line(
        at=paid.recorded_at,
        title=f"Refund recorded as paid {paid.paid_by.label}",
        actor=paid.recorded_by,
        amount=paid.amount,
        words=paid.reason,
        links=(Link(words="record", reference=paid.reference, address=""),),
    )


def _excess_settled(settled: ExcessSettlementRow) -> Line:
    return Line(
        at=settled.recorded_at,
        title=f"Over-refund returned {settled.settled_by.label}"
        if settled.is_returned
        else "Over-refund written off",
        actor=settled.recorded_by,
        amount=settled.amount,
        words=settled.reason,
        links=(Link(words="record", reference=settled.reference, address=""),),
    )


def _dispute(dispute: DisputeRow) -> Line:
    return Line(
        at=dispute.opened_at,
        title="The buyer disputed the payment",
        amount=dispute.amount,
        note=f"Reason given: {dispute.reason.replace('_', ' ')}." if dispute.reason else "",
        links=(Link(words="dispute", reference=dispute.stripe_id, address=""),),
    )


def _mail(mail: MailRow) -> Line:
    return Line(
        at=mail.sent_at or mail.queued_at,
        title=f"E-mail “{mail.kind.label}”: {mail.state.label}",
        amount=mail.amount,
        links=(Link(words="mail", reference=mail.reference, address=""),),
    )


def _note(note: NoteRow) -> Line:
    return Line(
        at=note.written_at,
        title="Note",
        actor=note.written_by,
        words=note.words,
        are_words_erased=not note.words,
        links=(Link(words="about", reference=note.about, address=""),) if note.about else (),
    )


def _work(intake: IntakeFacts | None) -> Iterable[Line]:
    if intake is not None:
        yield Line(
            at=intake.opened_at,
            title="Taken in for work",
            links=(Link(words="intake", reference=intake.reference, address=""),),
        )
