"""What waits for a person in the sale, as ``kernel.waiting_list`` asks it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kernel.modes import Mode
from kernel.waiting_list import COUNTED_MAX, WaitingKind
from revenue.enums import HELD_STATES, EventState, MailState, OrderState, ReviewVerdict
from revenue.policy import DISPUTES_NOT_WAITING
from revenue.queries.refundable import OPEN_STATES, UNDER_WAY_AT_STRIPE


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in sorted(words))


def _kind(id: str, sql: str) -> WaitingKind:
    return WaitingKind(id=id, select=lambda: (sql, ()))


# An order about which nobody has decided, or for which nothing came of the verdict to refund it.
_REVIEW: Final = f"""
SELECT '', bought.reference, '', bought.mode, bought.amount_minor, bought.currency,
   bought.placed_at, NULL::timestamptz, ''
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
 ORDER BY bought.id DESC LIMIT {COUNTED_MAX}
"""  # noqa: S608  # our own words only
# By deadline, the earliest first; until Stripe says that it was answered or closed.
_DISPUTE: Final = f"""
SELECT dispute.stripe_id, disputed.reference, dispute.status, dispute.mode,
   dispute.amount_minor, dispute.currency, dispute.opened_at, dispute.evidence_due_at, ''
 FROM revenue_dispute dispute JOIN revenue_order disputed ON disputed.id = dispute.order_id
 WHERE dispute.status NOT IN ({_quoted(DISPUTES_NOT_WAITING)}) AND dispute.mode <> '{Mode.SAMPLE}'
 ORDER BY dispute.evidence_due_at NULLS LAST, dispute.id DESC LIMIT {COUNTED_MAX}
"""  # noqa: S608  # our own words only
_OWED: Final = f"""
SELECT '', owing.reference, '', owing.mode, owing.refund_owed_minor, owing.currency,
   COALESCE((SELECT max(undone_at) FROM revenue_refund WHERE order_id = owing.id),
     owing.placed_at), NULL::timestamptz, ''
 FROM revenue_order owing
 WHERE owing.state = '{OrderState.REFUND_OWED}' AND owing.mode <> '{Mode.SAMPLE}'
 ORDER BY owing.id DESC LIMIT {COUNTED_MAX}
"""  # noqa: S608  # our own words only
_EXCESS: Final = f"""
SELECT '', over.reference, '', over.mode, over.excess_minor, over.currency,
   COALESCE((SELECT max(created_at) FROM revenue_refund WHERE order_id = over.id),
     over.placed_at), NULL::timestamptz, ''
 FROM revenue_order over
 WHERE over.excess_minor > 0 AND over.mode <> '{Mode.SAMPLE}'
 ORDER BY over.id DESC LIMIT {COUNTED_MAX}
"""  # noqa: S608  # our own words only
_DEAD_EVENT: Final = f"""
SELECT '', stripe_id, type, mode, NULL::bigint, '', received_at, NULL::timestamptz, ''
 FROM revenue_stripewebhookevent
 WHERE state = '{EventState.DEAD}' AND mode <> '{Mode.SAMPLE}'
 ORDER BY id DESC LIMIT {COUNTED_MAX}
"""  # noqa: S608  # our own words only
_UNSENT_MAIL: Final = f"""
SELECT '', mail.reference, mail.state, mail.mode, NULL::bigint, '', mail.queued_at,
   NULL::timestamptz, ''
 FROM revenue_buyermail mail
 WHERE mail.state IN ('{MailState.UNKNOWN}', '{MailState.FAILED}')
   AND mail.mode <> '{Mode.SAMPLE}'
 ORDER BY mail.id DESC LIMIT {COUNTED_MAX}
"""  # noqa: S608  # our own words only
# Second payments that wait: as ``Order.may_be_double`` says.
_DOUBLE: Final = f"""
SELECT '', second.reference, '', second.mode, second.amount_minor, second.currency,
   second.placed_at, NULL::timestamptz, ''
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
 ORDER BY second.double_of_id DESC LIMIT {COUNTED_MAX}
"""  # noqa: S608  # our own words only

# Each begins at the newest end of an index that holds little else.
WAITING: Final = (
    _kind("review", _REVIEW),
    _kind("dispute", _DISPUTE),
    _kind("owed", _OWED),
    _kind("excess", _EXCESS),
    _kind("dead_event", _DEAD_EVENT),
    _kind("mail", _UNSENT_MAIL),
    _kind("double", _DOUBLE),
)
