"""Recording what Stripe says of a Checkout Session."""

from __future__ import annotations

from typing import Final

from django.db.models import Q

from crm import operations as crm
from crm.enums import ActivityKind
from kernel.references import new_reference
from kernel.transitions import LostRace
from revenue.enums import CheckoutOrigin, CheckoutState, Outcome
from revenue.models import CheckoutSession, Offer, PaymentLink
from revenue.operations.payment_completion import record_completion
from revenue.operations.recording_context import RecordingContext
from revenue.ports import SessionFact


def record_session(context: RecordingContext, fact: SessionFact) -> Outcome:
    """Bring our rows to what ``fact`` says, whatever was said before and in whatever order.

    Safe to run many times and at once: the checkout's row is locked first, and all that a
    payment means commits together.
    """
    checkout = lock_checkout(context, fact)
    context.about(order_id=None, trace_ref=checkout.trace_ref)
    if fact.status == "complete":
        return record_completion(context, checkout, fact)
    if fact.status == "expired":
        return _record_expiry(context, checkout, fact)
    return _record_open(context, checkout, fact)


def _record_open(
    context: RecordingContext, checkout: CheckoutSession, fact: SessionFact
) -> Outcome:
    if not checkout.can_move(CheckoutState.OPEN):
        return Outcome.ALREADY_KNOWN
    checkout.move(
        CheckoutState.OPEN,
        stripe_id=fact.session_id,
        url=fact.url,
        opened_at=context.now,
        expires_at=fact.expires_at,
        next_check_at=fact.expires_at,
        last_error="",
    )
    context.changed(f"checkout {checkout.reference} is open")
    return Outcome.RECORDED


def _record_expiry(
    context: RecordingContext, checkout: CheckoutSession, fact: SessionFact
) -> Outcome:
    if not checkout.can_move(CheckoutState.EXPIRED):
        return Outcome.ALREADY_KNOWN
    checkout.move(
        CheckoutState.EXPIRED,
        stripe_id=fact.session_id,
        expired_at=context.now,
        next_check_at=None,
        last_error="",
    )
    context.changed(f"checkout {checkout.reference} expired, nothing was charged")
    if checkout.deal_id is not None:
        crm.note(
            deal_id=checkout.deal_id,
            kind=ActivityKind.CHECKOUT_EXPIRED,
            refs={"checkout": checkout.reference},
            amount=None,
            actor_id=checkout.close_asked_by_id,
            now=context.now,
            key=f"expired:{checkout.reference}",
        )
    return Outcome.RECORDED


def lock_checkout(context: RecordingContext, fact: SessionFact) -> CheckoutSession:
    """Return the row of the session, locked; make one where the session is new to us.

    A session is ours by its id, else by the reference in its metadata when that row has no other
    session, else by the payment link that made it: by the link's id, or by our reference in its
    metadata while the id never reached us. Anything else is foreign: its money is
    recorded all the same, and a person looks at it.
    """
    found = _find(context, fact)
    if found is not None:
        return found
    CheckoutSession.objects.bulk_create(
        [_row_for_unseen(context, fact)], ignore_conflicts=True
    )  # two workers may see a new session at once: one row
    made = _find(context, fact)
    if made is None:
        raise LostRace(f"{fact.session_id}: its row was there a moment ago")
    context.changed(f"checkout {made.reference} first seen")
    return made


# Said in SQL, because every sale begins with it: Django builds such a query anew for each row,
# which takes longer than Postgres needs to answer it.
FIND: Final = """
SELECT checkout.*, offer.title AS offer_title
FROM revenue_checkoutsession checkout LEFT JOIN revenue_offer offer ON offer.id = checkout.offer_id
WHERE checkout.stripe_id = %(session_id)s
   OR (checkout.reference = %(checkout_ref)s AND checkout.stripe_id IS NULL
       AND checkout.mode = %(mode)s)
ORDER BY checkout.stripe_id IS NULL, checkout.id
FOR NO KEY UPDATE OF checkout
"""


def _find(context: RecordingContext, fact: SessionFact) -> CheckoutSession | None:
    """Return the session's row, locked, with the title of its offer; Stripe's own id goes first."""
    known = {
        "session_id": fact.session_id,
        "checkout_ref": fact.checkout_ref,
        "mode": context.mode,
    }
    for checkout in CheckoutSession.objects.raw(FIND, known):
        if checkout.offer_id is not None:
            title = vars(checkout)["offer_title"]
            checkout.offer = Offer.from_db(None, ("id", "title"), (checkout.offer_id, title))
        return checkout
    return None


def _row_for_unseen(context: RecordingContext, fact: SessionFact) -> CheckoutSession:
    link = _link_that_made(context, fact)
    row = CheckoutSession(
        reference=new_reference("chk"),
        mode=context.mode,
        origin=CheckoutOrigin.FOREIGN,
        trace_ref=new_reference("trc"),
        stripe_id=fact.session_id,
        created_at=fact.created_at,
        expires_at=fact.expires_at,
    )
    if link is not None:
        row.origin = CheckoutOrigin.PAYMENT_LINK
        row.payment_link, row.offer_id, row.deal_id = link, link.offer_id, link.deal_id
        row.trace_ref = link.trace_ref
        row.amount_minor, row.currency = link.amount_minor, link.currency
    return row


def _link_that_made(context: RecordingContext, fact: SessionFact) -> PaymentLink | None:
    if not fact.payment_link_id:
        return None
    is_it = Q(stripe_id=fact.payment_link_id)
    if fact.link_ref:
        is_it |= Q(reference=fact.link_ref, stripe_id=None)
    return PaymentLink.objects.filter(is_it, mode=context.mode).order_by("stripe_id").first()
