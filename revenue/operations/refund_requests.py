"""Refunds that a person asks for: what may go back, the request's row, and Stripe's answer to it.

Nothing here books money. A refund is in the books when Stripe's own record says so
(``revenue.operations.refunds``).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from crm import operations as crm
from crm.enums import ActivityKind
from kernel.modes import Mode
from kernel.money import Money
from kernel.references import is_reference
from kernel.retries import next_attempt
from kernel.statements import insert_once
from notices import operations as notices
from revenue.enums import AlertKind, RefundState
from revenue.models import Order, RefundRequest
from revenue.operations.refund_audit import audit_refund
from revenue.policy import off_step
from revenue.ports import GatewayError, GatewayRefused, RefundFact
from revenue.queries.refundable import refundable_now, why_not_refundable
from revenue.retries import CALL_RETRIES, CALL_TIME

ANOTHERS: Final = "This form belongs to another order; open the page again."
ASK_AGAIN: Final = timedelta(hours=1)  # the event should have come long before


class NotRefundable(Exception):
    """This refund cannot be asked for. The text is a sentence for the person who asked."""


def open_request(
    *,
    order: Order,
    request_ref: str,
    amount: Money,
    reason: str,
    actor_id: int,
    now: datetime,
) -> tuple[RefundRequest, bool]:
    """Write the request down before anybody calls Stripe; say whether it is new.

    The caller holds the lock on the order's checkout. ``request_ref`` was rendered once into the
    form, so a double click finds the first row. Raises NotRefundable.
    """
    known = RefundRequest.objects.filter(reference=request_ref).first()
    if known is not None:
        if known.order_id != order.pk:
            raise NotRefundable(ANOTHERS)
        return known, False
    _require_possible(order, request_ref=request_ref, amount=amount)
    request = RefundRequest(
        reference=request_ref,
        mode=order.mode,
        order=order,
        amount_minor=amount.amount_minor,
        currency=amount.currency,
        reason=reason,
        requested_by_id=actor_id,
        requested_at=now,
        is_retry=order.refund_owed_minor > 0,
        next_check_at=now + CALL_TIME,
    )
    if not insert_once(request):
        raise NotRefundable(ANOTHERS)  # it came up for another order at the same moment
    audit_refund(request, event="refund.requested", actor_id=actor_id, now=now)
    _note(request, kind=ActivityKind.REFUND_REQUESTED, actor_id=actor_id, now=now)
    return request, True


def _require_possible(order: Order, *, request_ref: str, amount: Money) -> None:
    if not (is_reference(request_ref) and request_ref.startswith("rfq_")):
        raise NotRefundable("This form is not one of ours; open the page again.")
    if problem := why_not_refundable(order):
        raise NotRefundable(problem)
    if amount.currency != order.currency:
        raise NotRefundable(f"The payment was in {order.currency}.")
    if problem := off_step(amount):
        raise NotRefundable(f"{problem[:1].upper()}{problem[1:]}. Nothing was sent.")
    left = refundable_now(order)
    if not 0 < amount.amount_minor <= left.amount_minor:
        raise NotRefundable(
            f"At most {left} can be refunded; the rest was already, or is on its way."
        )


def parameters_of(request: RefundRequest) -> dict[str, Any]:
    """Return exactly what Stripe is asked; the same for every repetition.

    https://docs.stripe.com/api/refunds/create
    """
    return {
        "payment_intent": request.order.payment_intent_id,
        "amount": request.amount_minor,
        "metadata": {"refund_ref": request.reference, "trace_ref": request.order.trace_ref},
    }


def settle(request: RefundRequest, answer: RefundFact | GatewayError, *, now: datetime) -> None:
    """Write down what came of the call. Raises LostRace where somebody else has."""
    if isinstance(answer, GatewayRefused):
        settle_refused(request, answer, now=now)
    elif isinstance(answer, GatewayError):
        settle_unknown(request, answer, now=now)
    else:
        settle_accepted(request, answer, now=now)


def settle_accepted(request: RefundRequest, fact: RefundFact, *, now: datetime) -> None:
    """Stripe has the refund. Its event books it; should none come, the sweep asks.

    Raises LostRace where the event was faster and has moved it further, or a sweep claimed it.
    """
    request.move_fenced(
        RefundState.REQUESTED,
        stripe_id=fact.refund_id,
        last_error="",
        next_check_at=now + ASK_AGAIN,
    )


def settle_refused(request: RefundRequest, refusal: GatewayRefused, *, now: datetime) -> None:
    """Stripe said no: nothing went back, and operators are told. Raises LostRace."""
    request.move_fenced(RefundState.REFUSED, last_error=refusal.code, next_check_at=None)
    order = request.order
    notices.raise_alert(
        kind=AlertKind.REFUND_FAILED,
        item=request.reference,
        subject=order.reference,
        mode=Mode(order.mode),
        now=now,
        facts={"amount_minor": request.amount_minor, "currency": request.currency},
    )
    audit_refund(request, event="refund.refused", actor_id=None, now=now)
    _note(request, kind=ActivityKind.REFUND_FAILED, actor_id=None, now=now)


def settle_unknown(request: RefundRequest, unknown: GatewayError, *, now: datetime) -> None:
    """Nobody knows whether the money went: the row keeps saying so until Stripe's record does.

    Raises LostRace.
    """
    attempts = next_attempt(request.attempts)
    request.write_unmoved(
        attempts=attempts,
        last_error=unknown.code,
        next_check_at=now + max(CALL_TIME, CALL_RETRIES.after(attempts)),
    )


def _note(
    request: RefundRequest, *, kind: ActivityKind, actor_id: int | None, now: datetime
) -> None:
    order = request.order
    if order.deal_id is None:
        return
    crm.note(
        deal_id=order.deal_id,
        kind=kind,
        refs={"order": order.reference, "request": request.reference},
        amount=request.amount,
        actor_id=actor_id,
        now=now,
        key=f"{kind}:{request.reference}",
    )
