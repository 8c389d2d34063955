"""Each entry about reserved and captured money speaks of its row, and each row has its entries."""

from __future__ import annotations

from typing import Final

from ledger import facts, rows
from ledger.rows import Comparison, Row
from toolrouter.enums import Family, ReservationState

EVENTS: Final = tuple(f"reservation.{state}" for state in ReservationState)
# What ``operations.reserving`` writes, column by column. A reservation says by its own columns
# which of these happened, and when.
RESERVATIONS: Final = """
SELECT
  CASE WHEN told.reference IS NULL THEN 'entry_without_row'
    WHEN entry.reference IS NULL THEN 'row_without_entry' ELSE 'entry_differs_from_row' END,
  coalesce(entry.reference, told.reference),
  CASE WHEN told.reference IS NULL THEN 'no reservation stands behind it'
    WHEN entry.reference IS NULL THEN concat('no entry says that this money is ', told.state)
    ELSE concat(told.reference, ' says otherwise') END
FROM (SELECT * FROM ledger_ledgerentry WHERE kind = 'tool'
      AND starts_with(event, 'reservation.') AND mode <> 'sample') entry
FULL JOIN (
  SELECT own.reference, own.mode, call.trace_ref, happened.state, happened.at,
    ARRAY[call.reference, own.run_ref, own.project_ref] AS refs,
    jsonb_build_object('family', own.family, 'amount_minor', own.ceiling_minor,
      'currency', own.currency) AS facts
  FROM toolrouter_reservation own JOIN toolrouter_toolcall call ON call.id = own.call_id
  CROSS JOIN LATERAL (VALUES ('open', own.reserved_at),
    (CASE WHEN own.closed_at IS NOT NULL THEN own.state END, own.closed_at)) happened (state, at)
  WHERE happened.state IS NOT NULL AND own.mode <> 'sample') told
  ON entry.key = concat('reservation.', told.state, ':', told.reference)
WHERE (entry.event = 'reservation.' || told.state AND entry.subject = told.reference
  AND entry.refs = told.refs::varchar[] AND entry.facts = told.facts AND entry.mode = told.mode
  AND entry.trace_ref = told.trace_ref AND entry.occurred_at = told.at) IS NOT TRUE
"""
CAPTURES: Final = """
SELECT
  CASE WHEN told.reference IS NULL THEN 'entry_without_row'
    WHEN entry.reference IS NULL THEN 'row_without_entry' ELSE 'entry_differs_from_row' END,
  coalesce(entry.reference, told.reference),
  CASE WHEN told.reference IS NULL THEN 'no capture stands behind it'
    WHEN entry.reference IS NULL THEN 'this capture has no ledger entry'
    ELSE concat(told.reference, ' says otherwise') END
FROM (SELECT * FROM ledger_ledgerentry WHERE kind = 'tool' AND event = 'capture.booked'
      AND mode <> 'sample') entry
FULL JOIN (
  SELECT own.*, call.trace_ref,
    ARRAY[held.reference, call.reference, own.run_ref, own.project_ref] AS refs,
    jsonb_build_object('family', own.family, 'amount_minor', own.amount_minor,
      'currency', own.currency) AS facts
  FROM toolrouter_capture own
  JOIN toolrouter_reservation held ON held.id = own.reservation_id
  JOIN toolrouter_toolcall call ON call.id = held.call_id WHERE own.mode <> 'sample') told
  ON entry.key = 'capture.booked:' || told.reference
WHERE (entry.subject = told.reference AND entry.refs = told.refs::varchar[]
  AND entry.facts = told.facts AND entry.mode = told.mode AND entry.trace_ref = told.trace_ref
  AND entry.occurred_at = told.captured_at AND entry.recorded_at = told.booked_at) IS NOT TRUE
"""
# A reservation is its call's: made by the decision that approved it, gone when nothing was done.
OF_CALLS: Final = """
SELECT CASE WHEN own.id IS NULL THEN 'call_without_reservation'
    ELSE 'reservation_differs_from_call' END, call.reference,
  CASE WHEN own.id IS NULL THEN 'this call spends, and nothing was reserved for it'
    ELSE concat(own.reference, ' says otherwise') END
FROM toolrouter_toolcall call
LEFT JOIN toolrouter_reservation own ON own.call_id = call.id
LEFT JOIN approvals_approvalrequest asked ON asked.reference = call.approval_ref
WHERE CASE WHEN own.id IS NULL
  THEN call.risk IN ('spend', 'provisioning')
    AND (call.state = 'approved' OR call.claimed_at IS NOT NULL)
  ELSE (own.grant_id = call.grant_id AND own.project_ref = call.project_ref
    AND own.run_ref = call.run_ref AND own.mode = call.mode AND own.currency = call.currency
    AND own.ceiling_minor = call.amount_minor AND own.reserved_at = asked.decided_at
    AND (own.state = 'open') = (own.closed_at IS NULL)
    AND (call.state NOT IN ('denied', 'failed') OR own.closed_at = call.closed_at)
    AND (own.state = 'open' OR (own.state = 'settled') = EXISTS (SELECT FROM toolrouter_capture
      taken WHERE taken.reservation_id = own.id AND taken.booked_at <= own.closed_at))
    ) IS NOT TRUE END
UNION ALL
SELECT 'capture_differs_from_reservation', taken.reference, concat(own.reference, ' says otherwise')
FROM toolrouter_capture taken JOIN toolrouter_reservation own ON own.id = taken.reservation_id
WHERE (taken.project_ref, taken.run_ref, taken.family, taken.mode)
  IS DISTINCT FROM (own.project_ref, own.run_ref, own.family, own.mode)
"""


def declare() -> None:
    """Say which facts the entries carry and which row each speaks of. Called once, at start-up."""
    facts.allow("tool", {"family": facts.one_of(Family.values)})
    rows.declare(
        "tool",
        dict.fromkeys(EVENTS, Row("toolrouter_reservation"))
        | {"capture.booked": Row("toolrouter_capture")},
        comparisons=[
            Comparison("reservations and their entries", RESERVATIONS),
            Comparison("captures and their entries", CAPTURES),
            Comparison("reservations, captures and the calls that they are for", OF_CALLS),
        ],
    )
