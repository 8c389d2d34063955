"""Each entry speaks of a request or a decision, and each of those has its entries."""

from __future__ import annotations

from typing import Final

from approvals.enums import FIELDS_VERSION
from approvals.signature_rows import SIGNATURES
from kernel.row_digests import DIGEST_SQL, MICROS_SQL, SALTED_SQL
from ledger import rows
from ledger.rows import Comparison, Row

# ``operations.recording.proof_digest`` of a row "proof".
PROOF_DIGEST: Final = DIGEST_SQL.format(
    f"""proof.request_id, proof.person_id, proof.shown_digest, proof.session_digest, proof.nonce,
    {MICROS_SQL.format("proof.asked_at")}, {MICROS_SQL.format("proof.used_at")}, proof.factor,
    proof.evidence"""
)
_AROUND: Final = "encode(sha256(convert_to(own.around, 'UTF8')), 'hex')"
_REASON: Final = SALTED_SQL.format(salt="reason_salt", words="reason")
# What entries of decisions did not say until 0.1.3: none of it, or all.
_NOT_YET: Final = "ARRAY['as_owner', 'tells_the_agent', 'reason_digest', 'proof']"
# A request says by its own columns which of these happened, and when.
DECISIONS: Final = f"""
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
  SELECT decision.*, request.reference AS request_ref, request.mode, request.trace_ref,
    request.subject_ref, request.amount_minor, request.currency,
    CASE WHEN proof.id IS NOT NULL THEN {PROOF_DIGEST} END AS proof,
    (proof.request_id, proof.person_id, proof.shown_digest, proof.factor, proof.used_at)
      IS NOT DISTINCT FROM (decision.request_id, decision.person_id, decision.shown_digest,
        decision.factor, decision.decided_at) AS is_of_it
  FROM approvals_decision decision
  JOIN approvals_approvalrequest request ON request.id = decision.request_id
  LEFT JOIN approvals_stepup proof ON proof.id = decision.step_up_id) own
  ON entry.key = 'approval.decided:' || own.reference
WHERE (entry.subject = own.request_ref AND entry.mode = own.mode
  AND entry.trace_ref = own.trace_ref AND entry.occurred_at = own.decided_at
  AND entry.refs = ARRAY[own.subject_ref, own.reference]
  AND (own.is_of_it OR own.step_up_id IS NULL AND own.verdict = 'refuse')
  AND entry.facts = jsonb_strip_nulls(jsonb_build_object('actor', 'user:' || own.person_id,
      'verdict', own.verdict, 'factor', nullif(own.factor, ''), 'fingerprint', own.fingerprint,
      'shown_digest', own.shown_digest, 'as_owner', own.as_owner,
      'tells_the_agent', own.tells_the_agent, 'reason_digest', nullif(own.reason_digest, ''),
      'proof', own.proof, 'amount_minor', own.amount_minor, 'currency', nullif(own.currency, '')))
    - CASE WHEN jsonb_exists(entry.facts, 'as_owner') THEN '{{}}' ELSE {_NOT_YET} END) IS NOT TRUE
UNION ALL
SELECT 'row_without_entry', request.reference, 'a proof of it was used, and for no decision'
FROM approvals_stepup proof JOIN approvals_approvalrequest request ON request.id = proof.request_id
WHERE request.mode <> 'sample'
  AND (proof.used_at IS NOT NULL OR proof.factor <> '' OR proof.evidence IS NOT NULL)
  AND NOT EXISTS (SELECT FROM approvals_decision own WHERE own.step_up_id = proof.id)
"""  # noqa: S608  # constants only
# What a request has been through follows from where it stands, and the other way round.
REQUESTS: Final = f"""
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
  SELECT request.*, happened.event, happened.at, next.reference AS next_ref,
    earlier.reference AS earlier_ref, (
      request.closed_at IS NOT NULL OR request.why_closed = '' AND request.state =
        CASE WHEN request.not_before IS NULL THEN 'pending' ELSE 'approved' END)
      AND (request.not_before IS NOT NULL) = (request.execute_by IS NOT NULL)
      AND (request.decided_at IS NOT NULL) =
        (request.not_before IS NOT NULL OR request.state = 'refused')
      AND (request.superseded_by_id IS NOT NULL) = (request.state = 'superseded') AS is_consistent
  FROM approvals_approvalrequest request
  LEFT JOIN approvals_approvalrequest next ON next.id = request.superseded_by_id
  LEFT JOIN approvals_approvalrequest earlier ON earlier.id = request.again_of_id
  CROSS JOIN LATERAL (VALUES
    ('requested', request.opened_at),
    (CASE WHEN request.not_before IS NOT NULL THEN 'approved' END, request.decided_at),
    (CASE WHEN request.closed_at IS NOT NULL THEN request.state END, request.closed_at)
  ) AS happened (event, at)
  WHERE happened.event IS NOT NULL AND request.mode <> 'sample') own
  ON entry.key = concat('approval.', own.event, ':', own.reference)
WHERE (entry.event = 'approval.' || own.event AND entry.subject = own.reference
  AND own.is_consistent
  AND entry.refs = array_remove(ARRAY[own.subject_ref::varchar,
    CASE own.event WHEN 'superseded' THEN own.next_ref WHEN 'requested' THEN own.earlier_ref END],
    NULL)
  AND entry.mode = own.mode
  AND entry.trace_ref = own.trace_ref AND entry.occurred_at = own.at
  AND entry.facts ->> 'fingerprint' = own.fingerprint
  AND entry.facts ->> 'shown_digest' = own.shown_digest
  AND (own.event <> 'requested' OR NOT jsonb_exists(entry.facts, 'words')  -- until 0.1.3
    OR (entry.facts ->> 'words')::bigint = (SELECT count(*) FROM approvals_approvalfield field
      WHERE field.request_id = own.id AND field.is_words)
    AND (own.around = '' OR entry.facts ->> 'around_digest' = {_AROUND}))
  AND (own.event <> 'approved'
    OR (entry.facts ->> 'not_before')::timestamptz = own.not_before
      AND (entry.facts ->> 'execute_by')::timestamptz = own.execute_by)
  AND (own.closed_at IS NULL OR own.event <> own.state
    OR coalesce(entry.facts ->> 'why', '') = own.why_closed)
  AND (own.event <> 'refused' OR own.decided_at = own.at)
  AND (entry.facts ->> 'amount_minor')::bigint IS NOT DISTINCT FROM own.amount_minor
  AND coalesce(entry.facts ->> 'currency', '') = own.currency) IS NOT TRUE
"""  # noqa: S608  # constants only

REVOCATIONS: Final = """
SELECT 'entry_differs_from_row', own.reference, 'it was taken back otherwise than its entry says'
FROM approvals_approvalrequest own
LEFT JOIN approvals_revocation taken_back ON taken_back.request_id = own.id
LEFT JOIN ledger_ledgerentry entry ON entry.key = 'approval.revoked:' || own.reference
WHERE own.mode <> 'sample' AND (own.state = 'revoked' OR taken_back.id IS NOT NULL)
  AND (entry.facts ->> 'actor' = 'user:' || taken_back.person_id
    AND coalesce(entry.facts ->> 'reason_digest', '') = taken_back.reason_digest
    AND taken_back.revoked_at = own.closed_at) IS NOT TRUE
"""
# Why somebody decided so is what its digest is of, until it was erased; and there is a digest
# only where something was said.
REASONS: Final = f"""
SELECT 'reason_differs_from_digest', reference, 'why it was decided so is not what was said'
FROM (
  SELECT reference, reason, reason_salt, reason_digest FROM approvals_decision
  UNION ALL SELECT request.reference, taken_back.reason, reason_salt, reason_digest
  FROM approvals_revocation taken_back
  JOIN approvals_approvalrequest request ON request.id = taken_back.request_id) said
WHERE (reason_salt = '' AND reason = '' OR reason_digest = {_REASON}) IS NOT TRUE
"""  # noqa: S608  # constants only
# Which of the terms below a request that was opened until 0.1.3 has not, and all later ones have.
_LATER_TERMS: Final = ", ".join(
    f"'approval_{name}'"
    for name in ("project", "run", "mode", "amount", "currency", "presenter", "policy")
)
# Each field and its digest, the digests of all and the request's own, as ``approvals.fields`` makes
# them; and the columns that the fingerprint covers. What an erasure blanked has only its digest.
FIELDS: Final = f"""
SELECT 'field_differs_from_digest', own.reference, concat(field.part, ' field ', field.name)
FROM approvals_approvalfield field JOIN approvals_approvalrequest own ON own.id = field.request_id
WHERE NOT (field.is_words AND field.value = '' AND field.salt = '')
  AND field.digest <> encode(sha256(convert_to(
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
  ('approval_project', to_json(own.project_ref)::text),
  ('approval_run', to_json(own.run_ref)::text),
  ('approval_mode', to_json(own.mode)::text),
  ('approval_amount', to_json(coalesce(own.amount_minor::text, ''))::text),
  ('approval_currency', to_json(own.currency)::text),
  ('approval_presenter', to_json(own.presenter_version)::text),
  ('approval_policy', to_json(own.policy_version)::text),
  ('approval_asked_by', to_json(coalesce('user:' || own.asked_by_id, ''))::text),
  ('approval_again_by', CASE WHEN NOT own.is_edited
    THEN to_json('user:' || own.again_by_id)::text END),
  ('approval_edited_by', CASE WHEN own.is_edited
    THEN to_json('user:' || coalesce(own.again_by_id::text, ''))::text END),
  ('approval_decide_by', to_json(
    to_char(own.decide_by AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') || '+00:00')::text)
) term (name, value)
LEFT JOIN approvals_approvalfield field
  ON field.request_id = own.id AND field.part = 'envelope' AND field.name = term.name
WHERE field.value IS DISTINCT FROM term.value AND (field.id IS NOT NULL
  OR term.name NOT IN ({_LATER_TERMS}) OR EXISTS (
    SELECT FROM approvals_approvalfield later WHERE later.request_id = own.id
      AND later.part = 'envelope' AND later.name IN ({_LATER_TERMS})))
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
            Comparison("reasons of decisions and their digests", REASONS),
            Comparison("approval requests and what was approved, field by field", FIELDS),
            SIGNATURES,
        ],
    )
