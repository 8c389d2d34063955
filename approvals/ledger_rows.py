"""Each entry speaks of a request or a decision, and each of those has its entries."""

from __future__ import annotations

from typing import Final

from ledger import rows
from ledger.rows import Comparison, Row

# A request says by its own columns which of these happened, and when.
DECISIONS: Final = """
SELECT
  CASE WHEN own.reference IS NULL THEN 'entry_without_row'
    WHEN entry.reference IS NULL THEN 'row_without_entry' ELSE 'entry_differs_from_row' END,
  coalesce(entry.reference, own.reference),
  CASE WHEN own.reference IS NULL THEN 'no decision stands behind it'
    WHEN entry.reference IS NULL THEN 'this decision has no ledger entry'
    ELSE concat(own.reference, ' says otherwise') END
FROM (SELECT * FROM ledger_ledgerentry WHERE kind = 'approval'
      AND event = 'approval.decided' AND mode <> 'sample') entry
FULL JOIN (
  SELECT decision.*, request.reference AS request_ref, request.mode, request.trace_ref
  FROM approvals_decision decision
  JOIN approvals_approvalrequest request ON request.id = decision.request_id) own
  ON entry.key = 'approval.decided:' || own.reference
WHERE (entry.subject = own.request_ref AND entry.mode = own.mode
  AND entry.trace_ref = own.trace_ref AND entry.occurred_at = own.decided_at
  AND entry.facts ->> 'actor' = 'user:' || own.person_id
  AND entry.facts ->> 'verdict' = own.verdict
  AND coalesce(entry.facts ->> 'factor', '') = own.factor
  AND entry.facts ->> 'fingerprint' = own.fingerprint
  AND entry.facts ->> 'shown_digest' = own.shown_digest) IS NOT TRUE
"""
# What a request has been through follows from where it stands.
REQUESTS: Final = """
SELECT
  CASE WHEN own.reference IS NULL THEN 'entry_without_row'
    WHEN entry.reference IS NULL THEN 'row_without_entry' ELSE 'entry_differs_from_row' END,
  coalesce(entry.reference, own.reference),
  CASE WHEN own.reference IS NULL THEN 'no approval request stands behind it'
    WHEN entry.reference IS NULL THEN concat('it is ', own.event, ', and no entry says so')
    ELSE concat(own.reference, ' says otherwise') END
FROM (SELECT * FROM ledger_ledgerentry WHERE kind = 'approval'
      AND event <> 'approval.decided' AND mode <> 'sample') entry
FULL JOIN (
  SELECT request.*, happened.event, happened.at FROM approvals_approvalrequest request,
  LATERAL (VALUES
    ('requested', request.opened_at),
    (CASE WHEN request.not_before IS NOT NULL THEN 'approved' END, request.decided_at),
    (CASE WHEN request.closed_at IS NOT NULL THEN request.state END, request.closed_at)
  ) AS happened (event, at)
  WHERE happened.event IS NOT NULL AND request.mode <> 'sample') own
  ON entry.key = concat('approval.', own.event, ':', own.reference)
WHERE (entry.event = 'approval.' || own.event AND entry.subject = own.reference
  AND entry.refs[1] = own.subject_ref AND entry.mode = own.mode
  AND entry.trace_ref = own.trace_ref AND entry.occurred_at = own.at
  AND entry.facts ->> 'fingerprint' = own.fingerprint
  AND entry.facts ->> 'shown_digest' = own.shown_digest
  AND (own.event <> 'approved'
    OR (entry.facts ->> 'not_before')::timestamptz = own.not_before
      AND (entry.facts ->> 'execute_by')::timestamptz = own.execute_by)
  AND (entry.facts ->> 'amount_minor')::bigint IS NOT DISTINCT FROM own.amount_minor
  AND coalesce(entry.facts ->> 'currency', '') = own.currency) IS NOT TRUE
"""


def declare() -> None:
    """Say which row each of our entries speaks of. Called once, at start-up."""
    request = Row("approvals_approvalrequest")
    events = (
        *("requested", "decided", "approved", "refused", "revoked"),
        *("expired", "superseded", "consumed"),
    )
    rows.declare(
        "approval",
        dict.fromkeys((f"approval.{event}" for event in events), request),
        comparisons=[
            Comparison("approval requests and their entries", REQUESTS),
            Comparison("decisions and their entries", DECISIONS),
        ],
    )
