"""The sale's work that may lag."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from kernel.due_work import DueWork
from revenue.enums import (
    CheckoutState,
    EventState,
    MailState,
    PaymentLinkState,
    RefundState,
)

UNANSWERED_MAX: Final = timedelta(hours=1)  # then people are told that Stripe owes an answer


def _in(states: Iterable[str]) -> str:
    return ", ".join(f"'{state}'" for state in states)


_OPEN_EVENTS: Final = _in(
    (EventState.RECEIVED, EventState.PROCESSING, EventState.WAITING, EventState.FAILED)
)
_OPEN_MAILS: Final = _in((MailState.QUEUED, MailState.SENDING))


def _checked(id: str, words: str, table: str) -> DueWork:
    due = f"SELECT min(next_check_at) FROM {table} WHERE next_check_at IS NOT NULL"  # noqa: S608  # our own names
    return DueWork(id=id, words=words, oldest_due=due)


def _unanswered(id: str, words: str, asked: str) -> DueWork:
    """Questions to Stripe that stand: what is waited for is due some time, in a partial index.

    The sweeps go on asking; people are told, because the cause may be a key or an account that
    they can mend.
    """
    oldest = f"SELECT {asked} AND next_check_at IS NOT NULL"  # our own words
    return DueWork(id=id, words=words, oldest_due=oldest, lag_max=UNANSWERED_MAX, vendor="Stripe")


DUE_WORK: Final = (
    DueWork(
        id="revenue.events",
        words="Stripe events",
        oldest_due="SELECT min(next_attempt_at) FROM revenue_stripewebhookevent"  # noqa: S608  # our own words
        f" WHERE state IN ({_OPEN_EVENTS})",
        listed_at=("event-list", ""),
    ),
    _checked("revenue.checkouts", "checkouts", "revenue_checkoutsession"),
    _checked("revenue.payment_links", "payment links", "revenue_paymentlink"),
    _checked("revenue.refunds", "refunds", "revenue_refundrequest"),
    DueWork(
        id="revenue.buyer_mails",
        words="mails to buyers",
        oldest_due="SELECT min(next_attempt_at) FROM revenue_buyermail"  # noqa: S608  # our own words
        f" WHERE state IN ({_OPEN_MAILS})",
        listed_at=("outbox", f"?state={MailState.QUEUED}"),
    ),
    DueWork(
        id="revenue.link_requests",
        words="link requests",
        oldest_due="SELECT min(requested_at) FROM revenue_orderlinkrequest",
    ),
    _unanswered(
        "revenue.checkout_answers",
        "answers about checkouts",
        f"""min(CASE state WHEN '{CheckoutState.UNKNOWN}' THEN created_at ELSE close_asked_at END)
        FROM revenue_checkoutsession
        WHERE (state = '{CheckoutState.UNKNOWN}' OR close_asked_at IS NOT NULL)""",
    ),
    _unanswered(
        "revenue.payment_link_answers",
        "answers about payment links",
        f"""min(CASE state WHEN '{PaymentLinkState.UNKNOWN}' THEN created_at ELSE off_asked_at END)
        FROM revenue_paymentlink
        WHERE (state = '{PaymentLinkState.UNKNOWN}' OR off_asked_at IS NOT NULL)""",
    ),
    _unanswered(
        "revenue.refund_answers",
        "answers about refunds",
        f"""min(requested_at) FROM revenue_refundrequest
        WHERE state = '{RefundState.UNKNOWN}'""",
    ),
)
