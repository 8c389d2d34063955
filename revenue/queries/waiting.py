"""What waits for a person in the sale. Every list is cut off, nothing is counted further."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from kernel.modes import Mode
from kernel.money import Money
from revenue.enums import HELD_STATES, AlertKind, EventState, MailState, OrderState, ReviewVerdict
from revenue.policy import DISPUTES_NOT_WAITING
from revenue.queries.refundable import OPEN_STATES, UNDER_WAY_AT_STRIPE

COUNTED_MAX: Final = 100  # of each kind; more is "99+"

REVIEW, DEAD_EVENT, UNSENT_MAIL, ALERT, DOUBLE = "review", "dead_event", "mail", "alert", "double"
DISPUTE, OWED, EXCESS = "dispute", "owed", "excess"

# Alerts about these are the other lines of the same list.
ALERTS_TOLD_ELSEWHERE: Final = (
    AlertKind.ORDER_REVIEW,
    AlertKind.DOUBLE_PAYMENT,
    AlertKind.EVENT_DEAD,
    AlertKind.MAIL_UNSENT,
    AlertKind.REFUND_EXCESS,
)


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in sorted(words))


# Each part begins at the newest end of an index that holds little else.
_WAITING: Final = f"""
(SELECT '{REVIEW}' AS what, '' AS handle, bought.reference, '' AS detail, bought.mode,
   bought.amount_minor, bought.currency, bought.placed_at AS at, NULL::timestamptz AS due_at,
   '' AS assigned_to
 FROM revenue_order bought
 LEFT JOIN LATERAL (
   SELECT verdict FROM revenue_orderreview review
   WHERE review.order_id = bought.id ORDER BY review.id DESC LIMIT 1) decided ON true
 WHERE bought.state = '{OrderState.NEEDS_REVIEW}' AND bought.mode <> '{Mode.SAMPLE}'
   AND NOT (COALESCE(decided.verdict, '') = '{ReviewVerdict.REFUND}' AND (
     EXISTS (SELECT FROM revenue_refundrequest asked
       WHERE asked.order_id = bought.id AND asked.state IN ({_quoted(OPEN_STATES)}))
     OR EXISTS (SELECT FROM revenue_refund begun
       WHERE begun.order_id = bought.id AND begun.status IN ({_quoted(UNDER_WAY_AT_STRIPE)}))))
 ORDER BY bought.id DESC LIMIT {COUNTED_MAX})
UNION ALL
(SELECT '{DISPUTE}', dispute.stripe_id, disputed.reference, dispute.status, dispute.mode,
   dispute.amount_minor, dispute.currency, dispute.opened_at, dispute.evidence_due_at, ''
 FROM revenue_dispute dispute JOIN revenue_order disputed ON disputed.id = dispute.order_id
 WHERE dispute.status NOT IN ({_quoted(DISPUTES_NOT_WAITING)}) AND dispute.mode <> '{Mode.SAMPLE}'
 ORDER BY dispute.evidence_due_at NULLS LAST, dispute.id DESC LIMIT {COUNTED_MAX})
UNION ALL
(SELECT '{OWED}', '', owing.reference, '', owing.mode, owing.refund_owed_minor, owing.currency,
   COALESCE((SELECT max(undone_at) FROM revenue_refund WHERE order_id = owing.id),
     owing.placed_at), NULL, ''
 FROM revenue_order owing
 WHERE owing.state = '{OrderState.REFUND_OWED}' AND owing.mode <> '{Mode.SAMPLE}'
 ORDER BY owing.id DESC LIMIT {COUNTED_MAX})
UNION ALL
(SELECT '{EXCESS}', '', over.reference, '', over.mode, over.excess_minor, over.currency,
   COALESCE((SELECT max(created_at) FROM revenue_refund WHERE order_id = over.id),
     over.placed_at), NULL, ''
 FROM revenue_order over
 WHERE over.excess_minor > 0 AND over.mode <> '{Mode.SAMPLE}'
 ORDER BY over.id DESC LIMIT {COUNTED_MAX})
UNION ALL
(SELECT '{DEAD_EVENT}', '', stripe_id, type, mode, NULL, '', received_at, NULL, ''
 FROM revenue_stripewebhookevent
 WHERE state = '{EventState.DEAD}' AND mode <> '{Mode.SAMPLE}'
 ORDER BY id DESC LIMIT {COUNTED_MAX})
UNION ALL
(SELECT '{UNSENT_MAIL}', '', mail.reference, mail.state, mail.mode, NULL, '', mail.queued_at,
   NULL, ''
 FROM revenue_buyermail mail
 WHERE mail.state IN ('{MailState.UNKNOWN}', '{MailState.FAILED}')
   AND mail.mode <> '{Mode.SAMPLE}'
 ORDER BY mail.id DESC LIMIT {COUNTED_MAX})
UNION ALL
(SELECT '{ALERT}', alert.reference,
   CASE alert.kind WHEN '{AlertKind.SWEEP_LAG}' THEN COALESCE(alert.facts->>'what', alert.subject)
     ELSE alert.subject END, alert.kind, alert.mode,
   (alert.facts->>'amount_minor')::bigint, COALESCE(alert.facts->>'currency', ''),
   alert.raised_at, NULL,
   COALESCE(NULLIF(trim(person.first_name || ' ' || person.last_name), ''), person.email, '')
 FROM revenue_operatoralert alert
 LEFT JOIN auth_user person ON person.id = alert.assigned_to_id
 WHERE alert.closed_at IS NULL AND alert.mode <> '{Mode.SAMPLE}'
   AND alert.kind NOT IN ({_quoted(ALERTS_TOLD_ELSEWHERE)})
   AND (alert.snoozed_until IS NULL OR alert.snoozed_until <= now())
   AND NOT (alert.kind = '{AlertKind.DISPUTE_OPENED}' AND EXISTS (
     SELECT FROM revenue_dispute dispute
     WHERE dispute.stripe_id = alert.item
       AND dispute.status NOT IN ({_quoted(DISPUTES_NOT_WAITING)})))
   AND NOT (alert.kind = '{AlertKind.REFUND_FAILED}' AND EXISTS (
     SELECT FROM revenue_order owing
     WHERE owing.reference = alert.subject AND owing.state = '{OrderState.REFUND_OWED}'))
 ORDER BY alert.id DESC LIMIT {COUNTED_MAX})
UNION ALL
(SELECT '{DOUBLE}', '', second.reference, '', second.mode, second.amount_minor, second.currency,
   second.placed_at, NULL, ''
 FROM revenue_order second
 JOIN revenue_order earlier ON earlier.id = second.double_of_id
   AND earlier.state IN ({_quoted(HELD_STATES)})
   AND (earlier.amount_minor = 0
     OR earlier.amount_minor > earlier.refunded_minor + earlier.disputed_minor)
 LEFT JOIN revenue_doubleverdict meant ON meant.order_id = second.id
 WHERE second.double_of_id IS NOT NULL AND second.state IN ({_quoted(HELD_STATES)})
   AND second.mode <> '{Mode.SAMPLE}' AND meant.id IS NULL
   AND (second.amount_minor = 0
     OR second.amount_minor > second.refunded_minor + second.disputed_minor)
 ORDER BY second.double_of_id DESC LIMIT {COUNTED_MAX})
"""  # noqa: S608  # our own words only


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingItem:
    """One thing that a person has to look at."""

    what: str
    handle: str  # of the alert or dispute behind it; "" where the reference says all
    reference: str
    detail: str
    mode: str
    amount: Money | None
    at: datetime
    due_at: datetime | None = None  # when a dispute's answer is due at Stripe
    assigned_to: str = ""  # whose alert it is


def waiting() -> list[WaitingItem]:
    """Return what waits for a person, at most COUNTED_MAX of each kind. One statement.

    Disputes come by deadline, the earliest first, and stay until Stripe says that they were
    answered or closed; all else is newest first. A snoozed alert waits once its day has come, by
    the database's clock. Which second payments wait says ``Order.may_be_double``.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WAITING)
        rows = cursor.fetchall()
    return [
        WaitingItem(
            what=what,
            handle=handle,
            reference=reference,
            detail=detail,
            mode=mode,
            amount=Money(minor, currency) if minor is not None and currency else None,
            at=at,
            due_at=due_at,
            assigned_to=assigned_to,
        )
        for (
            *(what, handle, reference, detail, mode, minor, currency, at, due_at),
            assigned_to,
        ) in rows
    ]


def waiting_numbers() -> dict[str, int]:
    """Return how much waits, by kind and up to COUNTED_MAX of each. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT what, count(*) FROM ({_WAITING}) waiting GROUP BY what"  # noqa: S608  # ours
        )
        return dict(cursor.fetchall())
