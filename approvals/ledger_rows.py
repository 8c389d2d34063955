"""Each entry speaks of a request or a decision, and each of those has its entries."""

from __future__ import annotations

from typing import Final

from approvals.enums import FIELDS_VERSION
from approvals.signature_rows import SIGNATURES
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
  AND (own.closed_at IS NULL OR own.event <> own.state
    OR coalesce(entry.facts ->> 'why', '') = own.why_closed)
  AND (own.event <> 'refused' OR own.decided_at = own.at)
  AND (entry.facts ->> 'amount_minor')::bigint IS NOT DISTINCT FROM own.amount_minor
  AND coalesce(entry.facts ->> 'currency', '') = own.currency) IS NOT TRUE
"""

REVOCATIONS: Final = """
SELECT 'entry_differs_from_row', own.reference, 'it was taken back otherwise than its entry says'
FROM approvals_approvalrequest own
LEFT JOIN approvals_revocation taken_back ON taken_back.request_id = own.id
LEFT JOIN ledger_ledgerentry entry ON entry.key = 'approval.revoked:' || own.reference
WHERE own.mode <> 'sample' AND (own.state = 'revoked' OR taken_back.id IS NOT NULL)
  AND (entry.facts ->> 'actor' = 'user:' || taken_back.person_id
    AND taken_back.revoked_at = own.closed_at) IS NOT TRUE
"""
# Each field and its digest, the digests of all and the request's own, as ``approvals.fields`` makes
# them; and the columns that the fingerprint covers. What an erasure blanked has only its digest.
FIELDS: Final = f"""
SELECT 'field_differs_from_digest', own.reference, concat(field.part, ' field ', field.name)
FROM approvals_approvalfield field JOIN approvals_approvalrequest own ON own.id = field.request_id
WHERE field.value <> '' AND field.digest <> encode(sha256(convert_to(
  concat('["', field.salt, '","', field.name, '",', field.value, ']'), 'UTF8')), 'hex')
UNION ALL
SELECT 'fields_differ_from_digest', own.reference, concat('the fields of what is in ', part.name)
FROM approvals_approvalrequest own
CROSS JOIN LATERAL (VALUES ('envelope', own.fingerprint), ('shown', own.shown_digest))
  part (name, digest)
WHERE part.digest <> encode(sha256(convert_to(concat_ws(chr(10), '{FIELDS_VERSION}', (
  SELECT string_agg(field.digest, chr(10) ORDER BY field.digest COLLATE "C")
  FROM approvals_approvalfield field WHERE field.request_id = own.id AND field.part = part.name)
  ), 'UTF8')), 'hex')
UNION ALL
SELECT 'field_differs_from_column', own.reference, concat('column of ', field.name)
FROM approvals_approvalrequest own
CROSS JOIN LATERAL (VALUES
  ('approval_kind', to_json(own.kind)::text), ('approval_rule', to_json(own.rule)::text),
  ('approval_people', own.people_needed::text),
  ('approval_subject', to_json(own.subject_ref)::text),
  ('approval_asked_by', to_json(coalesce('user:' || own.asked_by_id, ''))::text),
  ('approval_again_by', to_json('user:' || own.again_by_id)::text),
  ('approval_decide_by', to_json(
    to_char(own.decide_by AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') || '+00:00')::text)
) term (name, value)
LEFT JOIN approvals_approvalfield field
  ON field.request_id = own.id AND field.part = 'envelope' AND field.name = term.name
WHERE field.value IS DISTINCT FROM term.value
"""  # noqa: S608  # constants only


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
            Comparison("approvals that were taken back and their entries", REVOCATIONS),
            Comparison("approval requests and what was approved, field by field", FIELDS),
            SIGNATURES,
        ],
    )
