"""How long the oldest piece of due work has been waiting."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from fulfillment import queries as fulfillment
from ledger import queries as ledger
from revenue.enums import EventState, MailState, ToldAs
from revenue.models import (
    BuyerMail,
    CheckoutSession,
    OperatorAlert,
    OrderLinkRequest,
    PaymentLink,
    RefundRequest,
    StripeWebhookEvent,
)
from revenue.policy import ALERT_HOUR, ALERTS_ALONE_PER_HOUR

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


_ALERTS: Final = OperatorAlert._meta.db_table
# Alerts beyond what an hour takes are held back on purpose: they are due when the next mail may
# leave, which is when one of this hour's mails of its own, or its digest, is an hour old.
_ALERT_DUE: Final = f"""
CASE WHEN min(next_attempt_at) IS NOT NULL THEN GREATEST(
    min(next_attempt_at),
    LEAST(
        COALESCE((SELECT told_at FROM {_ALERTS} WHERE told_as = '{ToldAs.SINGLE}' AND told_at
            IS NOT NULL ORDER BY told_at DESC OFFSET {ALERTS_ALONE_PER_HOUR - 1} LIMIT 1),
            '-infinity'),
        COALESCE((SELECT max(told_at) FROM {_ALERTS} WHERE told_as = '{ToldAs.DIGEST}'),
            '-infinity')
    ) + interval '{ALERT_HOUR.total_seconds():.0f} seconds'
) END FROM {_ALERTS} WHERE told_at IS NULL AND closed_at IS NULL"""  # noqa: S608  # our own words

# Kind of work -> where its due times stand. Each is the first row of a small index. Of the last two
# the apps below tell, where what a sale hands over waits for its next step.
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
    "alerts": _ALERT_DUE,
    "link requests": f"min(requested_at) FROM {OrderLinkRequest._meta.db_table}",
    "runs to start": f"({fulfillment.OLDEST_WITHOUT_RUN_SQL})",
    "ledger entries": f"({ledger.OLDEST_UNSEALED_SQL})",
}
_SQL: Final = " UNION ALL ".join(f"SELECT '{what}', {due}" for what, due in _DUE.items())


def lag(now: datetime) -> dict[str, float]:
    """Return, per kind of work, how many seconds its oldest due row has waited; 0.0 where none.

    One statement. Work that is leased is not due before its lease ends; an alert that this
    hour's mails left no room for is not due before they do.
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
