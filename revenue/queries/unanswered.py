"""What Stripe was asked for long ago, without an answer that settles it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from revenue.enums import CheckoutState, PaymentLinkState, RefundState
from revenue.models import CheckoutSession, PaymentLink, RefundRequest

UNANSWERED_MAX: Final = timedelta(hours=1)

# What -> since when. Whatever waits for Stripe is due some time: partial indexes hold little else.
_SINCE: Final[Mapping[str, str]] = {
    "answers about checkouts": f"""
        min(CASE state WHEN '{CheckoutState.UNKNOWN}' THEN created_at ELSE close_asked_at END)
        FROM {CheckoutSession._meta.db_table} WHERE next_check_at IS NOT NULL
        AND (state = '{CheckoutState.UNKNOWN}' OR close_asked_at IS NOT NULL)""",
    "answers about payment links": f"""
        min(CASE state WHEN '{PaymentLinkState.UNKNOWN}' THEN created_at ELSE off_asked_at END)
        FROM {PaymentLink._meta.db_table} WHERE next_check_at IS NOT NULL
        AND (state = '{PaymentLinkState.UNKNOWN}' OR off_asked_at IS NOT NULL)""",
    "answers about refunds": f"""
        min(requested_at) FROM {RefundRequest._meta.db_table}
        WHERE next_check_at IS NOT NULL AND state = '{RefundState.UNKNOWN}'""",
}
_SQL: Final = " UNION ALL ".join(f"SELECT '{what}', {since}" for what, since in _SINCE.items())


def unanswered(now: datetime) -> dict[str, float]:
    """Return, per kind, how many seconds the oldest open question to Stripe has stood.

    Only kinds with a question older than ``UNANSWERED_MAX``. One statement. The sweeps go on
    asking; people are told, because the cause may be a key or an account that they can mend.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SQL)
        since = dict(cursor.fetchall())
    return {
        what: (now - at).total_seconds()
        for what, at in since.items()
        if at is not None and now - at > UNANSWERED_MAX
    }
