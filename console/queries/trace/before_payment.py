"""Stages 1 to 3: the request, its review, and what was prepared for the buyer."""

from __future__ import annotations

from console.queries.trace.gathering import Sale
from console.queries.trace.shapes import Record, Stage, StageState
from crm.enums import ActivityKind, DealStage
from revenue.enums import CheckoutOrigin, PaymentLinkState
from revenue.queries import CheckoutRow

UNEXPLAINED = "The payment belongs to no checkout of ours: nothing is known from before it."


def is_direct(sale: Sale) -> bool:
    """Say whether somebody bought straight from the public offer page."""
    return any(row.origin == CheckoutOrigin.OFFER_PAGE for row in sale.rows.checkouts)


def is_prepared(sale: Sale) -> bool:
    """Say whether an operator prepared a checkout or a payment link."""
    prepared = any(row.origin == CheckoutOrigin.DEAL for row in sale.rows.checkouts)
    return prepared or bool(sale.rows.payment_links)


def is_unexplained(sale: Sale) -> bool:
    """Say whether all that is known is a payment that no checkout of ours explains."""
    rows = sale.rows.checkouts
    return bool(rows) and all(row.origin == CheckoutOrigin.FOREIGN for row in rows)


def _missing(number: int, title: str, sentence: str) -> Stage:
    return Stage(
        number=number,
        title=title,
        state=StageState.MISSING,
        sentence=sentence,
        gaps=(f"{title}: {sentence}",),
    )


def request_stage(sale: Sale) -> Stage:
    """Stage 1: a visitor asked, or did not have to."""
    title = "Request"
    asked = sale.first_activity(ActivityKind.SNAPSHOT_REQUESTED)
    if asked:
        return Stage(
            number=1,
            title=title,
            state=StageState.DONE,
            at=asked.occurred_at,
            sentence="A visitor asked for a snapshot on the public form.",
            records=_people(sale),
        )
    if is_direct(sale):
        sentence = "Bought straight from the public offer page: nobody had to ask first."
        return Stage(number=1, title=title, state=StageState.SKIPPED, sentence=sentence)
    if is_unexplained(sale):
        return _missing(1, title, UNEXPLAINED)
    return _missing(1, title, "No request on the public form is recorded.")


def _people(sale: Sale) -> list[Record]:
    records = []
    for deal in sale.deals:
        records += [
            Record(what="Contact", reference=deal.contact_ref, at=deal.contact_created_at, mode="",
                   says="known before" if deal.contact_created_at < deal.created_at else ""),
            Record(what="Deal", reference=deal.reference, at=deal.created_at, mode=deal.mode,
                   state=deal.stage, state_words=deal.state_words),
        ]  # fmt: skip
    return records


def review_stage(sale: Sale) -> Stage:
    """Stage 2: a person accepted or declined the lead."""
    title = "Lead review"
    decided = sale.first_activity(ActivityKind.LEAD_ACCEPTED, ActivityKind.LEAD_DECLINED)
    if decided:
        is_accepted = decided.kind == ActivityKind.LEAD_ACCEPTED
        has_order = bool(sale.rows.orders)
        return Stage(
            number=2,
            title=title,
            state=StageState.DONE if is_accepted or has_order else StageState.STOPPED,
            at=decided.occurred_at,
            sentence=f"A person {'accepted' if is_accepted else 'declined'} the lead; "
            "scoring by a model is not part of this version.",
            records=[Record(what="Timeline", reference=decided.reference, at=decided.occurred_at,
                            mode=decided.mode, says=decided.title)],
        )  # fmt: skip
    if not is_prepared(sale) and is_direct(sale):
        sentence = "The buyer did not wait for a review, and bought from the offer page."
        return Stage(number=2, title=title, state=StageState.SKIPPED, sentence=sentence)
    if is_unexplained(sale):
        return _missing(2, title, UNEXPLAINED)
    if is_prepared(sale):
        return _missing(2, title, "No decision was recorded before the checkout was prepared.")
    if sale.rows.orders:
        return _missing(2, title, "Nobody decided about the lead before the payment came.")
    sentence = "The lead waits for a person to accept or decline it."
    return Stage(number=2, title=title, state=StageState.WAITING, sentence=sentence)


def assignment_stage(sale: Sale) -> Stage:
    """Stage 3: a checkout or a payment link was prepared."""
    title = "Sales assignment"
    if is_prepared(sale):
        return _prepared(sale, title)
    if is_direct(sale):
        sentence = "The buyer pressed Pay on the offer page: nothing had to be prepared."
        return Stage(number=3, title=title, state=StageState.SKIPPED, sentence=sentence)
    if is_unexplained(sale):
        return _missing(3, title, UNEXPLAINED)
    if sale.rows.orders:
        return _missing(3, title, "No checkout or payment link is recorded.")
    is_lead = all(deal.stage in (DealStage.LEAD, DealStage.LOST) for deal in sale.deals)
    return Stage(
        number=3,
        title=title,
        state=StageState.AHEAD if is_lead else StageState.WAITING,
        sentence="" if is_lead else "No checkout or payment link has been prepared yet.",
    )


def _prepared(sale: Sale, title: str) -> Stage:
    checkouts = [row for row in sale.rows.checkouts if row.origin == CheckoutOrigin.DEAL]
    records = [
        Record(what="Checkout prepared", reference=row.reference, at=row.created_at,
               mode=row.mode, state=row.state, state_words=row.state_words,
               amount=row.price, says=says_of(row))
        for row in checkouts
    ] + [
        Record(what="Payment link", reference=row.reference, at=row.created_at, mode=row.mode,
               state=row.state, state_words=row.state_words, amount=row.price,
               says=str(row.offer))
        for row in sale.rows.payment_links
    ]  # fmt: skip
    owned = sale.first_activity(ActivityKind.OWNER_ASSIGNED)
    if owned:
        records.append(
            Record(what="Reassigned", reference=owned.reference, at=owned.occurred_at,
                   mode=owned.mode)
        )  # fmt: skip
    records.sort(key=lambda record: str(record.at))
    broken = [row for row in sale.rows.payment_links if row.state == PaymentLinkState.UNKNOWN]
    return Stage(
        number=3,
        title=title,
        state=StageState.DONE,
        at=records[0].at,
        sentence="A person prepared what the buyer pays with; "
        "drafts by the agent are not part of this version.",
        records=records,
        gaps=[f"Nobody knows yet whether Stripe made {row.reference}." for row in broken],
    )


def says_of(checkout: CheckoutRow) -> str:
    """Say what a checkout sells, where it began, and what Stripe answered instead of a session."""
    says = [str(checkout.offer)] if checkout.offer else []
    says += [f"from {checkout.entry_page}"] if checkout.entry_page else []
    says += [f"error {checkout.last_error}"] if checkout.last_error else []
    return ", ".join(says)
