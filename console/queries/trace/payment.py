"""Stage 4: the payment, and everything that was recorded in its commit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from console.queries.trace.aftermath import after_records
from console.queries.trace.before_payment import says_of
from console.queries.trace.gathering import Sale
from console.queries.trace.shapes import Attempt, Record, Stage, StageState
from console.source_text import source_words
from crm.enums import DealStage
from fulfillment.enums import RUNS, RunState
from kernel.modes import Mode
from revenue.enums import (
    CheckoutOrigin,
    CheckoutState,
    EventState,
    OrderState,
    Outcome,
    RevenueKind,
)
from revenue.queries import (
    CheckoutRow,
    EarlierPayment,
    OrderRow,
    RevenueEventRow,
    SaleAttempt,
    SaleEvent,
)

WAITING_WORDS = {
    CheckoutState.UNKNOWN: "Nobody knows yet whether Stripe made the session; the sweep finds out.",
    CheckoutState.OPEN: "The checkout is open. Nothing has been paid yet.",
}
STOPPED_WORDS = {
    CheckoutState.EXPIRED: "The checkout expired. Nothing was charged.",
    CheckoutState.FAILED: "Stripe did not make the session. Nothing was charged.",
}
ORDER_WORDS = {
    OrderState.AWAITING_PAYMENT: (StageState.WAITING, "The bank is still processing the payment."),
    OrderState.FAILED: (StageState.STOPPED, "The payment failed. Nothing was charged."),
    OrderState.NEEDS_REVIEW: (
        StageState.WAITING,
        "Money came, and a person has to decide about it.",
    ),
    OrderState.NOT_OURS: (StageState.STOPPED, "A person decided that the payment is not ours."),
    OrderState.PAID: (StageState.DONE, "Paid."),
    OrderState.PARTIALLY_REFUNDED: (StageState.DONE, "Paid, and partly refunded."),
    OrderState.REFUNDED: (StageState.DONE, "Paid, and refunded in full."),
    OrderState.REFUND_OWED: (StageState.DONE, "Paid, and a refund that failed is owed."),
    OrderState.DISPUTED: (StageState.DONE, "Paid, and disputed by the buyer."),
}
END_OF_TIME = datetime.max.replace(tzinfo=UTC)
PAYMENT_EVENTS = ("checkout.session.completed", "checkout.session.async_payment_succeeded")


def payment_stage(sale: Sale) -> Stage:
    """Return stage 4 with every record of it, and what should be there and is not."""
    rows = sale.rows
    state, sentence = _state(sale)
    records = [
        *_ways_to_stripe(rows.checkouts),
        *(_event(sale, event) for event in rows.events),
        *_orders(sale),
        *after_records(rows.after, rows.orders),
    ]
    at = min((order.paid_at for order in rows.orders if order.paid_at), default=None)
    return Stage(
        number=4,
        title="Payment",
        state=state,
        at=at,
        sentence=sentence,
        records=sorted(records, key=_moment),
        gaps=list(_gaps(sale)),
    )


def _moment(record: Record) -> datetime:
    """Order by time; what has none comes last. Equal times keep their order."""
    return record.at or END_OF_TIME


def _state(sale: Sale) -> tuple[StageState, str]:
    orders = sale.rows.orders
    if len(orders) > 1:
        words = [_words_of(order) for order in orders]
        best = next((words_of for words_of in words if words_of[0] == StageState.DONE), words[-1])
        return best[0], f"{len(orders)} orders. The first: {words[0][1]}"
    if orders:
        return _words_of(orders[0])
    if sale.rows.checkouts:
        state = CheckoutState(sale.rows.checkouts[-1].state)
        if state in STOPPED_WORDS:
            return StageState.STOPPED, STOPPED_WORDS[state]
        return StageState.WAITING, WAITING_WORDS.get(
            state, "The checkout is complete; no order yet."
        )
    if sale.rows.payment_links:
        return StageState.WAITING, "The payment link has not been used yet."
    return StageState.AHEAD, ""


def _words_of(order: OrderRow) -> tuple[StageState, str]:
    is_paid = order.paid_at is not None and order.total.amount_minor
    if order.state == OrderState.NEEDS_REVIEW and not is_paid:
        return StageState.WAITING, "No money came, and a person has to decide about the order."
    if order.is_inquiry:
        return StageState.DONE, "Paid, and the bank asks about it."
    return ORDER_WORDS[order.state]


def _ways_to_stripe(checkouts: Iterable[CheckoutRow]) -> Iterable[Record]:
    """Tell of each checkout: where it began, the hand-off to Stripe, and the way back."""
    for row in checkouts:
        if row.origin != CheckoutOrigin.DEAL:  # a prepared one stands in the stage before
            yield Record(what="Checkout", reference=row.reference, at=row.created_at,
                         mode=row.mode, state=row.state, state_words=row.state_words,
                         says=says_of(row), amount=row.price)  # fmt: skip
        moments = (
            ("Session opened at Stripe", row.opened_at),
            ("Handed to Stripe's page", row.handed_off_at),
            ("Left Stripe's page unpaid", row.cancelled_at),
            ("Came back from Stripe's page", row.returned_at),
            ("Closed by a person" if row.is_close_asked else "Expired", row.expired_at),
        )
        for what, at in moments:
            if at is not None:
                yield Record(what=what, reference=row.stripe_id, at=at, mode=row.mode)


def _event(sale: Sale, event: SaleEvent) -> Record:
    rows = [row for row in sale.rows.attempts if row.event_id == event.id]
    attempts = [
        Attempt(source=row.source.label, at=row.started_at, duration_ms=row.duration_ms,
                outcome=row.outcome.label, error=row.error_class)
        for row in rows
    ]  # fmt: skip
    says = f"{event.type}, signature checked, {_tried(event, rows)}"
    return Record(what="Stripe event", reference=event.stripe_id, at=event.received_at,
                  mode=event.mode, state=event.state, state_words=event.state_words,
                  says=says, attempts=attempts,
                  is_quiet=event.state == EventState.IGNORED)  # fmt: skip


def _tried(event: SaleEvent, attempts: Sequence[SaleAttempt]) -> str:
    """Say how often an event was acted on, and what of that changed anything."""
    if event.state == EventState.CLOSED:
        return "closed by a person without acting on it"
    applied = sum(row.outcome == Outcome.RECORDED for row in attempts)
    if not attempts:
        return "not handled yet"
    if event.state == EventState.IGNORED:
        return "kept, nothing to do"
    tried = f"handled {_times(len(attempts))}"
    if applied:
        return f"{tried}, recorded {_times(applied)}"
    is_known = any(row.outcome == Outcome.ALREADY_KNOWN for row in attempts)
    return f"{tried}, {'nothing new in it' if is_known else 'not recorded yet'}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _orders(sale: Sale) -> Iterable[Record]:
    for order in sale.rows.orders:
        says = _double(order, order.double_of) if order.double_of else ""
        yield Record(what="Order", reference=order.reference, at=order.placed_at, mode=order.mode,
                     state=order.state, state_words=order.state_words, says=says,
                     amount=order.total)  # fmt: skip
        yield from _verdicts(sale, order)
        for fact in sale.rows.revenue_events:
            if fact.order_id == order.id:
                yield _money(fact)
        yield from _same_commit(sale, order)
    yield from _people(sale)


_WENT_BACK = frozenset({OrderState.REFUNDED, OrderState.DISPUTED})  # all may have gone back


def _double(order: OrderRow, earlier: EarlierPayment) -> str:
    """Say what is known of a second payment."""
    what = "possible double payment of"
    if order.is_double_meant:
        what = "second payment, meant by the buyer, after"
    elif order.state in _WENT_BACK and not order.may_be_double:
        what = "second payment, given back, after"
    elif not earlier.is_held:
        what = "second payment, the one that counts since all went back of"
    return f"{what} {earlier.reference}"


def _verdicts(sale: Sale, order: OrderRow) -> Iterable[Record]:
    for row in sale.rows.verdicts:
        if row.order_id == order.id:
            yield Record(what="Verdict", reference=order.reference, at=row.decided_at,
                         mode=order.mode, says=f"{row.verdict.label}, by a person")  # fmt: skip


def _money(fact: RevenueEventRow) -> Record:
    return Record(what="Revenue event", reference=fact.reference, at=fact.recorded_at,
                  mode=fact.mode, says=f"{fact.kind.label}, {source_words(fact.source)}",
                  amount=fact.amount)  # fmt: skip


def _same_commit(sale: Sale, order: OrderRow) -> Iterable[Record]:
    """Tell of the intake; the same instant on both rows means the same commit."""
    for intake in sale.intakes:
        if intake.order_ref == order.reference:
            yield Record(what="Intake", reference=intake.reference, at=intake.opened_at,
                         mode=intake.mode, state="frozen" if intake.frozen_at else "",
                         state_words=RUNS[RunState.FROZEN] if intake.frozen_at else None,
                         says=f"opened{_commit(intake.opened_at, order.paid_at)}")  # fmt: skip


def _people(sale: Sale) -> Iterable[Record]:
    """Tell of each deal and contact once, however many orders they have."""
    orders = sale.rows.orders
    for deal in {order.deal.id: order.deal for order in orders if order.deal}.values():
        won_by = next((row for row in orders if row.reference == deal.won_order_ref), None)
        says = ""
        if won_by is not None and deal.stage == DealStage.WON:
            says = f"won{_commit(deal.stage_since, won_by.paid_at)}"
        yield Record(what="Deal", reference=deal.reference, at=deal.stage_since, mode=deal.mode,
                     state=deal.stage, state_words=deal.state_words, says=says)  # fmt: skip
    known = {deal.contact_ref for deal in sale.deals} if sale.is_asked else set()
    contacts = {order.contact.reference: order.contact for order in orders if order.contact}
    for reference, contact in contacts.items():
        if reference not in known:
            yield Record(what="Contact", reference=reference, at=contact.created_at, mode="")


def _commit(at: datetime, paid_at: datetime | None) -> str:
    return " in the same commit" if at == paid_at else ""


def _gaps(sale: Sale) -> Iterable[str]:
    if any(order.mode == Mode.SAMPLE for order in sale.rows.orders):
        yield from _gaps_of_sample(sale)
        return  # made up in bulk: nobody ever told of it
    for event in sale.rows.events:
        if event.state == EventState.DEAD:
            yield f"Stripe event {event.stripe_id} needs a person."
    for order in sale.rows.orders:
        if order.paid_at is not None and order.state not in (
            OrderState.NEEDS_REVIEW,
            OrderState.NOT_OURS,
        ):
            yield from _gaps_of_paid(sale, order)


def _gaps_of_sample(sale: Sale) -> Iterable[str]:
    """The ledger has sample rows of its own, which are of no sale."""
    for order in sale.rows.orders:
        if order.paid_at is not None and not sale.entries:
            yield f"{order.reference} is sample data: its payment is not in the ledger."


def _gaps_of_paid(sale: Sale, order: OrderRow) -> Iterable[str]:
    rows = sale.rows
    paid = [
        fact
        for fact in rows.revenue_events
        if fact.order_id == order.id and fact.kind == RevenueKind.PAYMENT
    ]
    if not paid:
        yield f"{order.reference} is paid, but no payment is booked."
    elif not any(paid[0].reference in entry.refs for entry in sale.entries):
        yield f"The payment {paid[0].reference} is not in the ledger."
    if not any(event.type in PAYMENT_EVENTS for event in rows.events):
        yield f"No event of Stripe's about the payment of {order.reference} has come yet."
    if order.deal is None or order.deal.stage != DealStage.WON:
        yield f"{order.reference} is paid, but its deal is not won."
    is_all_back = order.state in (OrderState.REFUNDED, OrderState.REFUND_OWED)
    if not is_all_back and all(intake.order_ref != order.reference for intake in sale.intakes):
        yield f"{order.reference} is paid, but no intake was opened."
