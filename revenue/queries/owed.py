"""What a buyer was promised back and has not got."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from revenue.enums import ReviewVerdict
from revenue.models import Order, Refund, RefundPaidElsewhere, RefundRequest
from revenue.policy import RefundStep, refund_debt
from revenue.queries.verdicts import is_of_ours, newest_review


def refund_owed_minor(order: Order) -> int:
    """Return what failed refunds of ``order`` still owe its buyer, in minor units.

    Never more than what is held. One statement where no refund failed.
    """
    refunds = list(Refund.objects.filter(order=order, currency=order.currency))
    if all(refund.undone_at is None for refund in refunds):
        return 0
    requests = {
        request.stripe_id: request
        for request in RefundRequest.objects.filter(order=order, stripe_id__isnull=False)
    }
    steps = [*_steps(refunds, requests, is_ours=is_of_ours(order)), *_paid_elsewhere(order)]
    accepted_at = _accepted_at(order)
    debt = refund_debt(step for step in steps if accepted_at is None or step.at > accepted_at)
    return min(debt, order.refundable.amount_minor)


def _accepted_at(order: Order) -> datetime | None:
    """Return when a person accepted the order as paid: what failed before is owed no longer."""
    review = newest_review(order) if order.review_reason else None
    is_accepted = review is not None and review.verdict == ReviewVerdict.ACCEPTED
    return review.decided_at if review is not None and is_accepted else None


def _steps(
    refunds: list[Refund], requests: dict[str | None, RefundRequest], *, is_ours: bool
) -> Iterator[RefundStep]:
    """Yield what each refund did to the claim.

    Nobody was promised what another shop refunded. A refund that was begun before anything was
    owed pays nothing of it back; any later one does, here or in Stripe's dashboard.
    """
    for refund in refunds:
        request = requests.get(refund.stripe_id)
        is_retry = request is not None and request.is_retry
        begun_at = refund.created_at
        if request is not None and is_retry:  # by our clock it came after the failure
            begun_at = max(begun_at, request.requested_at)
        if refund.undone_at is not None:
            if is_ours or request is not None:
                yield RefundStep(
                    at=refund.undone_at,
                    failed_minor=refund.amount_minor,
                    begun_at=begun_at,
                    is_retry=is_retry,
                )
        elif refund.status == "succeeded":
            yield RefundStep(at=begun_at, returned_minor=refund.amount_minor)


def _paid_elsewhere(order: Order) -> Iterator[RefundStep]:
    for paid in RefundPaidElsewhere.objects.filter(order=order):
        yield RefundStep(at=paid.recorded_at, returned_minor=paid.amount_minor)
