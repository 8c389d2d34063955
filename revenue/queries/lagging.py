"""How long the oldest piece of due work has been waiting."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from revenue.enums import EventState, MailState
from revenue.models import (
    BuyerMail,
    CheckoutSession,
    OperatorAlert,
    OrderLinkRequest,
    PaymentLink,
    RefundRequest,
    StripeWebhookEvent,
)

LAG_MAX: Final = timedelta(minutes=5)

_OPEN_EVENTS: Final = (
    EventState.RECEIVED,
    EventState.PROCESSING,
    EventState.WAITING,
    EventState.FAILED,
)
_OPEN_MAILS: Final = (MailState.QUEUED, MailState.SENDING)


def _listed(states: tuple[str, ...]) -> str:
    return ", ".join(f"'{state}'" for state in states)


# Kind of work -> where its due times stand. Each is the first row of a partial index.
_DUE: Final[Mapping[str, str]] = {
    "Stripe events": f"min(next_attempt_at) FROM {StripeWebhookEvent._meta.db_table}"
    f" WHERE state IN ({_listed(_OPEN_EVENTS)})",
    "checkouts": f"min(next_check_at) FROM {CheckoutSession._meta.db_table}"
    " WHERE next_check_at IS NOT NULL",
    "payment links": f"min(next_check_at) FROM {PaymentLink._meta.db_table}"
    " WHERE next_check_at IS NOT NULL",
    "refunds": f"min(next_check_at) FROM {RefundRequest._meta.db_table}"
    " WHERE next_check_at IS NOT NULL",
    "mails to buyers": f"min(next_attempt_at) FROM {BuyerMail._meta.db_table}"
    f" WHERE state IN ({_listed(_OPEN_MAILS)})",
    "alerts": f"min(next_attempt_at) FROM {OperatorAlert._meta.db_table}"
    " WHERE told_at IS NULL AND closed_at IS NULL",
    "link requests": f"min(requested_at) FROM {OrderLinkRequest._meta.db_table}",
}
_SQL: Final = " UNION ALL ".join(f"SELECT '{what}', {due}" for what, due in _DUE.items())


def lag(now: datetime) -> dict[str, float]:
    """Return, per kind of work, how many seconds its oldest due row has waited; 0.0 where none.

    One statement. Work that is leased is not due before its lease ends.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SQL)
        oldest = dict(cursor.fetchall())
    return {
        what: 0.0 if at is None else max(0.0, (now - at).total_seconds())
        for what, at in oldest.items()
    }


def lagging(now: datetime) -> dict[str, float]:
    """Return the kinds of work whose oldest due row has waited longer than ``LAG_MAX``."""
    return {
        what: waited_s for what, waited_s in lag(now).items() if waited_s > LAG_MAX.total_seconds()
    }
