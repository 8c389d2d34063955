"""The sale's rows that workers lease, and what of them is work."""

from __future__ import annotations

from typing import Final

from kernel.leases import Leased
from revenue.enums import EventState, MailState
from revenue.models import (
    BuyerMail,
    CheckoutSession,
    PaymentLink,
    RefundRequest,
    StripeWebhookEvent,
)

LEASED_WORK: Final[tuple[tuple[type[Leased], str], ...]] = (
    (StripeWebhookEvent, f"state = '{EventState.PROCESSING}'"),
    (BuyerMail, f"state = '{MailState.SENDING}'"),
    (CheckoutSession, "next_check_at IS NOT NULL"),
    (PaymentLink, "next_check_at IS NOT NULL"),
    (RefundRequest, "next_check_at IS NOT NULL"),
)
