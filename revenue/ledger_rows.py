"""Which of our rows each ledger entry of ours speaks of, and the SQL that holds both together."""

from __future__ import annotations

from typing import Final

from ledger import rows
from ledger.rows import Comparison, Row
from revenue.enums import RevenueKind
from revenue.policy import (
    COUNTER_ACCOUNTS,
    PAID_FROM,
    REFUNDS_AT_STRIPE,
    REFUNDS_ELSEWHERE,
    STRIPE,
)

ORDER: Final = Row("revenue_order")
EVENT: Final = (
    Row("revenue_stripewebhookevent", "own.stripe_id"),
    Row("revenue_stripewebhookevent", "'event:' || own.id"),  # of an odd id
)
ALERT: Final = Row("revenue_operatoralert")
AUDITED: Final[dict[str, Row | tuple[Row, ...] | None]] = {
    "alert.assigned": ALERT,
    "alert.closed": ALERT,
    "alert.dismissed": ALERT,
    "alert.restored": ALERT,
    "alert.snoozed": ALERT,
    "alert.woken": ALERT,
    "checkout.close_asked": Row("revenue_checkoutsession"),
    "event.closed": EVENT,
    "event.replayed": EVENT,
    "events.emptied": Row("crm_contact"),
    "mail.sent_again": Row("revenue_buyermail"),
    "offer.published": Row("revenue_offer"),
    "offer.retired": Row("revenue_offer"),
    "order.double_meant": ORDER,
    "order.links_revoked": ORDER,
    "order.reopened": ORDER,
    "order.reviewed": ORDER,
    "payment_link.off_asked": Row("revenue_paymentlink"),
    "personal_data.erased": (Row("crm_contact"), ORDER, *EVENT),
    "refund.excess_settled": ORDER,
    "refund.paid_elsewhere": ORDER,
    "refund.refused": ORDER,
    "refund.requested": ORDER,
}

_PAID_FROM: Final = " ".join(f"WHEN '{how}' THEN '{name}'" for how, name in PAID_FROM.items())


def _lies_on(event: str) -> str:
    """Return SQL for the account that the money of an event lies on."""
    return f"""CASE {event}.kind WHEN 'refund_elsewhere' THEN (
      SELECT CASE paid.paid_by {_PAID_FROM} END FROM revenue_refundpaidelsewhere paid
      WHERE paid.reference = {event}.stripe_object_id)
    WHEN 'refund_returned' THEN (
      SELECT CASE settled.settled_by {_PAID_FROM} END FROM revenue_excesssettlement settled
      WHERE settled.reference = {event}.stripe_object_id) ELSE '{STRIPE}' END"""  # noqa: S608  # constants only


_COUNTER: Final = " ".join(
    f"WHEN '{kind}' THEN '{name}'" for kind, name in COUNTER_ACCOUNTS.items()
)
_OURS: Final = ", ".join(
    f"'{name}'" for name in sorted({STRIPE, *PAID_FROM.values(), *COUNTER_ACCOUNTS.values()})
)
# What ``operations.booking`` writes of an event, column by column.
_SAME: Final = {
    "the kind": "entry.event = booked.kind || '_booked'",
    "the order": "entry.subject = booked.order_ref",
    "the references": "entry.refs = ARRAY[booked.reference, booked.stripe_object_id]::varchar[]",
    "the amount": (
        "entry.facts = jsonb_build_object("
        "'amount_minor', booked.amount_minor, 'currency', booked.currency)"
    ),
    "the mode": "entry.mode = booked.mode",
    "the trace": "entry.trace_ref = booked.trace_ref",
    "the times": (
        "entry.occurred_at = booked.occurred_at AND entry.recorded_at = booked.recorded_at"
    ),
    "the legs": f"""(
      SELECT count(*) = CASE booked.amount_minor WHEN 0 THEN 0 ELSE 2 END
        AND coalesce(sum(leg.amount_minor), 0) = 0
        AND coalesce(bool_and(leg.currency = booked.currency AND coalesce(leg.amount_minor =
          CASE leg.account WHEN {_lies_on("booked")} THEN booked.amount_minor
            WHEN CASE booked.kind {_COUNTER} END THEN -booked.amount_minor END, false)), true)
      FROM ledger_posting leg WHERE leg.entry_id = entry.id)""",  # noqa: S608  # constants only
}
_DIFFERS: Final = ", ".join(
    f"CASE WHEN ({same}) IS NOT TRUE THEN '{name}' END" for name, same in _SAME.items()
)
PAIRS: Final = f"""
SELECT
  CASE WHEN booked.reference IS NULL THEN 'entry_without_row'
    WHEN entry.reference IS NULL THEN 'row_without_entry' ELSE 'entry_differs_from_row' END,
  coalesce(entry.reference, booked.reference),
  CASE WHEN booked.reference IS NULL THEN 'no revenue event stands behind it'
    WHEN entry.reference IS NULL THEN concat('this ', booked.kind, ' has no ledger entry')
    ELSE concat(booked.reference, ' is said otherwise: ', concat_ws(', ', {_DIFFERS})) END
FROM (SELECT * FROM ledger_ledgerentry WHERE kind = 'revenue' AND mode <> 'sample') entry
FULL JOIN (
  SELECT own.*, sold.reference AS order_ref FROM revenue_revenueevent own
  JOIN revenue_order sold ON sold.id = own.order_id WHERE own.mode <> 'sample') booked
  ON entry.key = 'revenue:' || booked.fact_key
WHERE ({" AND ".join(_SAME.values())}) IS NOT TRUE
"""  # noqa: S608  # constants only
# Over every entry, whatever its kind: nobody else may write to our accounts.
SUMS: Final = f"""
SELECT 'sums_differ', concat(account, ' (', mode, ') ', day), concat('on this day the legs sum to ',
  coalesce(entered.minor, 0), ' ', currency, ', the revenue events to ', coalesce(booked.minor, 0))
FROM (
  SELECT entry.mode, leg.account, leg.currency,
    (entry.occurred_at AT TIME ZONE 'UTC')::date AS day, sum(leg.amount_minor) AS minor
  FROM ledger_posting leg JOIN ledger_ledgerentry entry ON entry.id = leg.entry_id
  WHERE entry.mode <> 'sample' AND leg.account IN ({_OURS}) GROUP BY 1, 2, 3, 4) entered
FULL JOIN (
  SELECT own.mode, leg.account, own.currency, (own.occurred_at AT TIME ZONE 'UTC')::date AS day,
    sum(leg.minor) AS minor
  FROM revenue_revenueevent own CROSS JOIN LATERAL (VALUES ({_lies_on("own")}, own.amount_minor),
    (CASE own.kind {_COUNTER} END, -own.amount_minor)) leg (account, minor)
  WHERE own.mode <> 'sample' GROUP BY 1, 2, 3, 4) booked USING (mode, account, currency, day)
WHERE coalesce(entered.minor, 0) <> coalesce(booked.minor, 0)
"""  # noqa: S608  # constants only
# What an order's row says of its money follows from the events, and is what pages, refunds and the
# work go by. (How much a bank holds back follows from Stripe's words too; here only that nothing
# disputes it.)
_REFUNDS: Final = ", ".join(f"'{kind}'" for kind in (*REFUNDS_AT_STRIPE, *REFUNDS_ELSEWHERE))
ORDERS: Final = f"""
SELECT 'order_differs_from_events', sold.reference, concat_ws('; ',
  CASE WHEN (sold.paid_at IS NOT NULL) <> (money.payments > 0)
    THEN concat('it is ', CASE WHEN sold.paid_at IS NULL THEN 'not ' END, 'said to be paid, and ',
      money.payments, ' payments were booked') END,
  CASE WHEN money.payments > 0 AND money.paid_minor <> sold.amount_minor
    THEN concat('it says that it took ', sold.amount_minor, ' ', sold.currency, ', its payments ',
      money.paid_minor) END,
  CASE WHEN money.refunded_minor <> sold.refunded_minor
    THEN concat('it says that ', sold.refunded_minor, ' ', sold.currency,
      ' went back, its refunds ', money.refunded_minor) END,
  CASE WHEN NOT money.is_disputed AND sold.disputed_minor <> 0
    THEN concat('it says that a bank holds ', sold.disputed_minor, ' back, and nothing disputes it')
    END)
FROM revenue_order sold CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE booked.kind = 'payment') AS payments,
    coalesce(sum(booked.amount_minor) FILTER (WHERE booked.kind = 'payment'
      AND booked.currency = sold.currency), 0) AS paid_minor,
    -coalesce(sum(booked.amount_minor) FILTER (WHERE booked.currency = sold.currency
      AND booked.kind IN ({_REFUNDS})), 0) AS refunded_minor,
    EXISTS (SELECT FROM revenue_dispute said WHERE said.order_id = sold.id) AS is_disputed
  FROM revenue_revenueevent booked WHERE booked.order_id = sold.id) money
WHERE sold.mode <> 'sample' AND (
  (sold.paid_at IS NOT NULL) <> (money.payments > 0)
  OR money.payments > 0 AND money.paid_minor <> sold.amount_minor
  OR money.refunded_minor <> sold.refunded_minor
  OR NOT money.is_disputed AND sold.disputed_minor <> 0)
"""  # noqa: S608  # constants only


def declare() -> None:
    """Say which row each of our entries speaks of. Called once, at start-up."""
    rows.declare(
        "revenue",
        dict.fromkeys((f"{kind}_booked" for kind in RevenueKind.values), ORDER),
        comparisons=[
            Comparison("revenue events and their entries", PAIRS),
            Comparison("sums of revenue events and of legs", SUMS),
            Comparison("orders and their revenue events", ORDERS),
        ],
        moves_money=True,
    )
    rows.declare("audit", AUDITED)
