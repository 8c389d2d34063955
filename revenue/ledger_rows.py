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
AUDITED: Final[dict[str, Row | tuple[Row, ...] | None]] = {
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
# The legs of each entry in one row: two are told by both amounts and both sides.
_LEGS: Final = """
SELECT entry_id, count(*) AS legs, max(amount_minor) AS debit, min(amount_minor) AS credit,
  max(account) FILTER (WHERE amount_minor > 0) AS debited,
  max(account) FILTER (WHERE amount_minor < 0) AS credited,
  min(currency COLLATE "C") AS leg_currency, max(currency COLLATE "C") AS other_currency
FROM ledger_posting GROUP BY entry_id
"""
# What ``operations.booking`` writes of an event, column by column.
_SAME: Final = {
    "the kind": "entry.event = booked.kind || '_booked'",
    "the order": "entry.subject = booked.order_ref",
    "the references": "entry.refs = ARRAY[booked.reference, booked.stripe_object_id]::varchar[]",
    # As Postgres prints facts: building them for each row takes twice as long.
    "the amount": """entry.facts::text = '{"currency": "' || booked.currency
      || '", "amount_minor": ' || booked.amount_minor || '}'""",
    "the mode": "entry.mode = booked.mode",
    "the trace": "entry.trace_ref = booked.trace_ref",
    "the times": (
        "entry.occurred_at = booked.occurred_at AND entry.recorded_at = booked.recorded_at"
    ),
    "the legs": f"""CASE booked.amount_minor WHEN 0 THEN entry.legs IS NULL ELSE
      (entry.legs, entry.debit, entry.credit, entry.leg_currency, entry.other_currency)
        = (2, abs(booked.amount_minor), -abs(booked.amount_minor), booked.currency, booked.currency)
      AND CASE WHEN booked.amount_minor > 0 THEN entry.debited ELSE entry.credited END
        = {_lies_on("booked")}
      AND CASE WHEN booked.amount_minor > 0 THEN entry.credited ELSE entry.debited END
        = CASE booked.kind {_COUNTER} END END""",
}
_DIFFERS: Final = ", ".join(
    f"CASE WHEN ({same}) IS NOT TRUE THEN '{name}' END" for name, same in _SAME.items()
)
# Pairs that agree leg by leg, in mode and in time agree in every sum of an account and a day: so
# only those that differ are summed, and legs of other kinds of entries, of which there are none
# while nobody else writes to our accounts.
PAIRS: Final = f"""
WITH differing AS MATERIALIZED (
  SELECT entry.id AS entry_id, booked.id AS event_id, entry.reference AS entry_ref,
    booked.reference AS event_ref, booked.kind, concat_ws(', ', {_DIFFERS}) AS differs
  FROM (
    SELECT own.*, summed.* FROM ledger_ledgerentry own
    LEFT JOIN ({_LEGS}) summed ON summed.entry_id = own.id
    WHERE own.kind = 'revenue' AND own.mode <> 'sample') entry
  FULL JOIN (
    SELECT own.*, sold.reference AS order_ref FROM revenue_revenueevent own
    JOIN revenue_order sold ON sold.id = own.order_id WHERE own.mode <> 'sample') booked
    ON entry.key = 'revenue:' || booked.fact_key
  WHERE ({" AND ".join(_SAME.values())}) IS NOT TRUE
), moved (mode, account, currency, occurred_at, entered_minor, booked_minor) AS (
  SELECT entry.mode, leg.account, leg.currency, entry.occurred_at, leg.amount_minor, 0
  FROM ledger_ledgerentry entry JOIN ledger_posting leg ON leg.entry_id = entry.id
  WHERE entry.mode <> 'sample' AND leg.account IN ({_OURS})
    AND (entry.kind <> 'revenue' OR entry.id IN (SELECT entry_id FROM differing))
  UNION ALL
  SELECT own.mode, leg.account, own.currency, own.occurred_at, 0, leg.minor
  FROM revenue_revenueevent own CROSS JOIN LATERAL (VALUES ({_lies_on("own")}, own.amount_minor),
    (CASE own.kind {_COUNTER} END, -own.amount_minor)) leg (account, minor)
  WHERE own.id IN (SELECT event_id FROM differing)
)
SELECT CASE WHEN event_ref IS NULL THEN 'entry_without_row'
    WHEN entry_ref IS NULL THEN 'row_without_entry' ELSE 'entry_differs_from_row' END,
  coalesce(entry_ref, event_ref),
  CASE WHEN event_ref IS NULL THEN 'no revenue event stands behind it'
    WHEN entry_ref IS NULL THEN concat('this ', kind, ' has no ledger entry')
    ELSE concat(event_ref, ' is said otherwise: ', differs) END
FROM differing
UNION ALL
SELECT 'sums_differ', concat(account, ' (', mode, ') ', (occurred_at AT TIME ZONE 'UTC')::date),
  concat('on this day its legs sum to ', sum(entered_minor) - sum(booked_minor), ' ', currency,
    ' more than the revenue events')
FROM moved GROUP BY mode, account, currency, (occurred_at AT TIME ZONE 'UTC')::date
HAVING sum(entered_minor) <> sum(booked_minor)
"""  # noqa: S608  # constants only
# What an order's row says of its money follows from the events, and is what pages, refunds and the
# work go by. (How much a bank holds back follows from Stripe's words too; here only that nothing
# disputes it.)
_REFUNDS: Final = ", ".join(f"'{kind}'" for kind in (*REFUNDS_AT_STRIPE, *REFUNDS_ELSEWHERE))
_ABOVE: Final = """sold.refunded_minor - sold.amount_minor - (
        SELECT coalesce(sum(settled.amount_minor), 0) FROM revenue_excesssettlement settled
        WHERE settled.order_id = sold.id AND settled.settled_by = 'written_off')"""
_SAYS: Final = """concat_ws('; ',
  CASE WHEN (sold.paid_at IS NOT NULL) <> (money.payments > 0)
    THEN concat('it is ', CASE WHEN sold.paid_at IS NULL THEN 'not ' END, 'said to be paid, and ',
      money.payments, ' payments were booked') END,
  CASE WHEN money.payments > 0 AND money.paid_minor <> sold.amount_minor
    THEN concat('it says that it took ', sold.amount_minor, ' ', sold.currency, ', its payments ',
      money.paid_minor) END,
  CASE WHEN money.refunded_minor <> sold.refunded_minor
    THEN concat('it says that ', sold.refunded_minor, ' ', sold.currency,
      ' went back, its refunds ', money.refunded_minor) END,
  CASE WHEN money.excess_minor <> sold.excess_minor
    THEN concat('it says that ', sold.excess_minor, ' ', sold.currency,
      ' was refunded above the payment and not settled, its refunds and settlements ',
      money.excess_minor) END,
  CASE WHEN NOT money.is_disputed AND sold.disputed_minor <> 0
    THEN concat('it says that a bank holds ', sold.disputed_minor, ' back, and nothing disputes it')
    END)"""
ORDERS: Final = f"""
SELECT 'order_differs_from_events', reference, says FROM (
  SELECT sold.reference, {_SAYS} AS says
  FROM revenue_order sold CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE booked.kind = 'payment') AS payments,
      coalesce(sum(booked.amount_minor) FILTER (WHERE booked.kind = 'payment'
        AND booked.currency = sold.currency), 0) AS paid_minor,
      -coalesce(sum(booked.amount_minor) FILTER (WHERE booked.currency = sold.currency
        AND booked.kind IN ({_REFUNDS})), 0) AS refunded_minor,
      CASE WHEN sold.refunded_minor <= sold.amount_minor THEN 0 ELSE greatest(0, {_ABOVE}) END
        AS excess_minor,
      EXISTS (SELECT FROM revenue_dispute said WHERE said.order_id = sold.id) AS is_disputed
    FROM revenue_revenueevent booked WHERE booked.order_id = sold.id) money
  WHERE sold.mode <> 'sample') compared
WHERE says <> ''
"""  # noqa: S608  # constants only
# Each link of a tool call was booked by its claim, as approved; and each such claim booked one.
LINKS_OF_CALLS: Final = """
SELECT
  CASE WHEN call.reference IS NULL THEN 'entry_without_row'
    WHEN link.reference IS NULL THEN 'row_without_entry' ELSE 'entry_differs_from_row' END,
  coalesce(call.reference, link.call_ref),
  CASE WHEN call.reference IS NULL THEN 'a payment link names it, and no such tool call ran'
    WHEN link.reference IS NULL THEN 'this tool call ran, and there is no payment link of it'
    ELSE concat('its payment link ', link.reference, ' says otherwise') END
FROM (SELECT * FROM toolrouter_toolcall WHERE operation = 'revenue.prepare_payment_link'
      AND (claimed_at IS NOT NULL OR restored_at IS NOT NULL AND state = 'done')
      AND mode <> 'sample') call
FULL JOIN (SELECT made.*, deal.reference AS deal_ref, receipt.provider_ref
  FROM revenue_paymentlink made JOIN crm_deal deal ON deal.id = made.deal_id
  LEFT JOIN toolrouter_providerreceipt receipt ON receipt.call_id = (
    SELECT id FROM toolrouter_toolcall asked WHERE asked.reference = made.call_ref)
  WHERE made.call_ref IS NOT NULL AND made.mode <> 'sample') link
  ON link.call_ref = call.reference
WHERE (link.run_ref = call.run_ref AND link.deal_ref = call.subject_ref AND link.mode = call.mode
  AND link.amount_minor = call.amount_minor AND link.currency = call.currency
  AND link.created_at = coalesce(call.claimed_at, call.closed_at)
  AND (call.state <> 'done' OR link.stripe_id = link.provider_ref)) IS NOT TRUE
"""


def declare() -> None:
    """Say which row each of our entries speaks of. Called once, at start-up."""
    rows.declare(
        "revenue",
        dict.fromkeys((f"{kind}_booked" for kind in RevenueKind.values), ORDER),
        comparisons=[
            Comparison("revenue events and their entries, one by one and in sum", PAIRS),
            Comparison("orders and their revenue events", ORDERS),
            Comparison("payment links of tool calls and those calls", LINKS_OF_CALLS),
        ],
        moves_money=True,
    )
    rows.declare("audit", AUDITED)
