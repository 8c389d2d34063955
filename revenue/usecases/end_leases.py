"""Work that a process held when it ended is due for the others."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from django.db import transaction

from kernel.leases import Leased, end_leases_of_the_dead
from revenue.enums import EventState, MailState
from revenue.models import (
    BuyerMail,
    CheckoutSession,
    OperatorAlert,
    PaymentLink,
    RefundRequest,
    StripeWebhookEvent,
)

logger = logging.getLogger(__name__)

# Each kind of work that is leased, and what its index of work covers of it.
LEASED_WORK: Final[tuple[tuple[type[Leased], str], ...]] = (
    (StripeWebhookEvent, f"state = '{EventState.PROCESSING}'"),
    (BuyerMail, f"state = '{MailState.SENDING}'"),
    (OperatorAlert, "told_at IS NULL"),
    (CheckoutSession, "next_check_at IS NOT NULL"),
    (PaymentLink, "next_check_at IS NOT NULL"),
    (RefundRequest, "next_check_at IS NOT NULL"),
)


def end_leases(*, now: datetime) -> int:
    """End the leases of processes that are gone. Returns how many."""
    ended = 0
    with transaction.atomic(durable=True):
        for model, where in LEASED_WORK:
            ended += end_leases_of_the_dead(model, where=where, now=now)
    if ended:
        logger.warning("leases of dead workers ended", extra={"leases": ended})
    return ended
