"""Each entry about a tool call speaks of that call as it is, and each call has its entry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from pydantic import ValidationError

from kernel.row_digests import DIGEST_SQL, MICROS_SQL, SALTED_SQL
from ledger import facts, rows
from ledger.rows import Comparison, Row
from toolrouter import policy
from toolrouter.planning import WORDS_CHARS_MAX
from toolrouter.registry import registry
from toolrouter.vocabulary import Code, Decision

EVENTS: Final = (
    *("call.needs_approval", "call.executing", "call.unknown", "call.absent"),
    *("call.done", "call.denied", "call.failed"),
)
RECEIPT_EVENTS: Final = ("receipt.matched", "receipt.mismatched", "receipt.declared")
# ``operations.digests`` of a call "own" at an event "happened" of it: what came later is left out.
CALL_DIGEST: Final = DIGEST_SQL.format(
    f"""own.grant_id, own.credential_ref, own.project_ref, own.key, own.risk,
    own.asked_digest, {MICROS_SQL.format("own.asked_at")}, own.facts, own.again_of_id,
    CASE WHEN happened.state <> 'needs_approval' THEN own.claim_facts END,
    CASE WHEN happened.state <> 'needs_approval' THEN {MICROS_SQL.format("own.deadline_at")} END,
    CASE WHEN happened.state = own.state THEN to_jsonb(own.codes) ELSE '[]' END,
    CASE WHEN happened.state = 'done' AND own.risk <> 'read'
      THEN jsonb_build_array(own.result, own.result_digest, to_jsonb(own.result_refs)) END"""
)
RECEIPT_DIGEST: Final = DIGEST_SQL.format(
    """own.provider, own.provider_ref, own.read_ref, own.read_live, own.read_key,
    to_jsonb(own.differs), own.incident_id"""
)
_TOLD_THEN: Final = rows.told_then("told.told_facts", "row")  # until 0.1.3 there was none
# What ``operations.recording`` writes, column by column.
_SAME: Final = f"""entry.event = told.event AND entry.subject = told.reference
  AND entry.refs = told.refs::varchar[] AND entry.mode = told.mode
  AND entry.facts = {_TOLD_THEN}
  AND entry.trace_ref = told.trace_ref AND entry.occurred_at = told.at AND told.is_consistent"""
# A call says where it stands by its times and its request; it belongs to its grant's run; and what
# was asked is what its digest is of, until that was erased (longer texts were cut: compared by
# whoever runs them).
_ASKED: Final = SALTED_SQL.format(salt="own.asked_salt", words="own.asked")
_CONSISTENT: Final = f"""coalesce(
  (own.closed_at IS NOT NULL OR own.state = CASE WHEN own.unknown_at IS NOT NULL THEN 'unknown'
    WHEN own.claimed_at IS NOT NULL THEN 'executing' WHEN asking.state = 'approved' THEN 'approved'
    WHEN asking.state = 'pending' THEN 'needs_approval' END)
  AND (own.claimed_at IS NOT NULL) = (own.claim_facts IS NOT NULL)
  AND (coalesce(own.claimed_at, own.restored_at) IS NOT NULL) = (own.deadline_at IS NOT NULL)
  AND (own.state = 'denied') = (cardinality(own.codes) > 0)
  AND (own.look_at IS NOT NULL) = (own.state IN ('executing', 'unknown'))
  AND (own.state = 'done' OR (own.result IS NULL AND own.result_digest = ''
    AND own.result_refs = '{{}}'))
  AND (own.risk <> 'read' OR own.result IS NULL)
  AND (own.grant_id IS NULL AND own.run_ref = '' OR (own.run_ref, own.project_ref, own.mode,
    own.trace_ref) = (held.run_ref, held.project_ref, held.mode, held.trace_ref))
  AND (own.asked_salt = '' AND own.asked = '' OR length(own.asked) >= {WORDS_CHARS_MAX}
    OR own.asked_digest = {_ASKED}), false)"""
PAIRS: Final = f"""
SELECT
  CASE WHEN told.reference IS NULL THEN 'entry_without_row'
    WHEN entry.reference IS NULL THEN 'row_without_entry' ELSE 'entry_differs_from_row' END,
  coalesce(entry.reference, told.reference),
  CASE WHEN told.reference IS NULL THEN 'no tool call stands behind it'
    WHEN entry.reference IS NULL THEN 'this tool call has no ledger entry'
    ELSE concat(told.reference, ' says otherwise') END
FROM (SELECT * FROM ledger_ledgerentry WHERE kind = 'tool' AND starts_with(event, 'call.')
      AND mode <> 'sample') entry
FULL JOIN (
  SELECT own.reference, own.mode, own.trace_ref, happened.at, 'call.' || happened.state AS event,
    array_remove(ARRAY[coalesce(nullif(own.run_ref, ''), own.credential_ref),
      nullif(own.subject_ref, ''), nullif(own.approval_ref, ''),
      CASE WHEN own.again_by_id IS NOT NULL THEN (SELECT first.reference
        FROM toolrouter_toolcall first WHERE first.id = own.again_of_id) END], NULL) AS refs,
    jsonb_strip_nulls(jsonb_build_object('operation', own.operation, 'policy', own.policy_version,
      'codes', CASE WHEN happened.state = own.state THEN cardinality(own.codes) ELSE 0 END,
      'code', CASE WHEN happened.state = own.state THEN own.codes[1] END, 'row', {CALL_DIGEST},
      'actor', 'user:' || own.again_by_id,
      'amount_minor', own.amount_minor, 'currency', nullif(own.currency, ''))) AS told_facts,
    {_CONSISTENT} AS is_consistent
  FROM toolrouter_toolcall own LEFT JOIN toolrouter_grant held ON held.id = own.grant_id
  LEFT JOIN approvals_approvalrequest asking
    ON asking.reference = own.approval_ref AND own.closed_at IS NULL
  CROSS JOIN LATERAL (VALUES
    (CASE WHEN own.approval_ref <> '' THEN 'needs_approval' END, own.asked_at),
    (CASE WHEN own.claimed_at IS NOT NULL THEN 'executing' END, own.claimed_at),
    (CASE WHEN own.unknown_at IS NOT NULL THEN 'unknown' END, own.unknown_at),
    (CASE WHEN own.absent_at IS NOT NULL THEN 'absent' END, own.absent_at),
    (CASE WHEN own.closed_at IS NOT NULL THEN own.state END, own.closed_at)
  ) AS happened (state, at)
  WHERE happened.state IS NOT NULL AND own.mode <> 'sample') told
  ON entry.key = told.event || ':' || told.reference
WHERE ({_SAME}) IS NOT TRUE
"""  # noqa: S608  # constants only
# What ran was approved, and what was used up ran: one approval, one call, in one commit.
APPROVED: Final = """
SELECT
  CASE WHEN ran.reference IS NULL THEN 'entry_without_row'
    WHEN used.reference IS NULL THEN 'row_without_entry' ELSE 'entry_differs_from_row' END,
  coalesce(ran.reference, used.reference),
  CASE WHEN ran.reference IS NULL THEN 'an approval was used and no tool call ran by it'
    WHEN used.reference IS NULL THEN 'this tool call ran without an approval that was used'
    ELSE 'its approval says otherwise' END
FROM (SELECT * FROM toolrouter_toolcall WHERE claimed_at IS NOT NULL AND mode <> 'sample') ran
FULL JOIN (SELECT * FROM approvals_approvalrequest
  WHERE kind = 'tool' AND state = 'consumed' AND mode <> 'sample') used
  ON used.subject_ref = ran.reference
WHERE (ran.approval_ref = used.reference AND ran.claimed_at = used.closed_at
  AND ran.mode = used.mode AND ran.run_ref = used.run_ref AND ran.project_ref = used.project_ref
  AND ran.trace_ref = used.trace_ref AND ran.currency = used.currency
  AND ran.amount_minor IS NOT DISTINCT FROM used.amount_minor) IS NOT TRUE
"""
# Only a restore lets a call be looked for that nobody claimed here: its incident is of that moment,
# and so is the end of its request.
RESTORED: Final = """
SELECT 'call_not_restored', call.reference, 'it is said to be restored, and no restore says so'
FROM toolrouter_toolcall call
LEFT JOIN approvals_approvalrequest asked ON asked.reference = call.approval_ref
WHERE call.restored_at IS NOT NULL AND call.mode <> 'sample' AND (
  call.unknown_at = call.restored_at
  AND (call.claimed_at IS NOT NULL
    OR asked.why_closed = 'restored' AND asked.closed_at = call.restored_at)
  AND EXISTS (SELECT FROM toolrouter_incident incident WHERE incident.kind = 'restore'
    AND incident.scope = 'account' AND incident.opened_at = call.restored_at)) IS NOT TRUE
"""
_READ_THEN: Final = rows.told_then(
    f"""jsonb_strip_nulls(jsonb_build_object('differs', cardinality(own.differs),
    'row', {RECEIPT_DIGEST}, 'amount_minor', own.read_minor,
    'currency', nullif(own.read_currency, '')))""",
    "row",
)
# What is done at a provider has a receipt, by whom the approval names; each receipt that was read
# has its entry, and one that was not says nothing yet. What is done by hand is compared in
# ``ledger_rows_of_purchases``.
RECEIPTS: Final = f"""
SELECT
  CASE WHEN own.reference IS NULL THEN 'entry_without_row'
    WHEN entry.reference IS NULL THEN 'row_without_entry' ELSE 'entry_differs_from_row' END,
  coalesce(entry.reference, own.reference),
  CASE WHEN own.reference IS NULL THEN 'no receipt stands behind it'
    WHEN entry.reference IS NULL THEN 'this receipt has no ledger entry'
    ELSE concat(own.reference, ' says otherwise') END
FROM (SELECT * FROM ledger_ledgerentry WHERE kind = 'tool' AND starts_with(event, 'receipt.')
      AND mode <> 'sample') entry
FULL JOIN (
  SELECT receipt.*, call.reference AS call_ref, call.trace_ref
  FROM toolrouter_providerreceipt receipt JOIN toolrouter_toolcall call ON call.id = receipt.call_id
  WHERE receipt.state <> 'pending' AND receipt.mode <> 'sample') own
  ON entry.key = concat('receipt.', own.state, ':', own.reference)
WHERE (entry.event = 'receipt.' || own.state AND entry.subject = own.reference
  AND entry.refs = ARRAY[own.call_ref] AND entry.mode = own.mode
  AND entry.trace_ref = own.trace_ref AND entry.occurred_at = own.read_at
  AND entry.facts = {_READ_THEN}) IS NOT TRUE
UNION ALL
SELECT 'row_without_entry', call.reference, 'this tool call is done, and no receipt was asked for'
FROM toolrouter_toolcall call LEFT JOIN toolrouter_providerreceipt receipt
  ON receipt.call_id = call.id AND receipt.mode = call.mode
  AND receipt.asked_minor IS NOT DISTINCT FROM call.amount_minor
  AND receipt.asked_currency = call.currency AND receipt.made_at = call.closed_at
  AND to_json(receipt.provider)::text = (SELECT field.value FROM approvals_approvalfield field
    JOIN approvals_approvalrequest asked ON asked.id = field.request_id
    WHERE asked.reference = call.approval_ref AND field.part = 'envelope'
      AND field.name = 'provider')
  AND (receipt.state <> 'pending' OR (receipt.read_ref, receipt.read_currency, receipt.read_key,
    cardinality(receipt.differs), num_nonnulls(receipt.read_at, receipt.read_minor,
    receipt.read_live, receipt.incident_id)) = ('', '', '', 0, 0))
WHERE (call.claimed_at IS NOT NULL OR call.restored_at IS NOT NULL) AND call.state = 'done'
  AND receipt.id IS NULL
  AND NOT EXISTS (SELECT FROM toolrouter_purchase bought WHERE bought.call_id = call.id)
"""  # noqa: S608  # constants only
# Each distinct decision once, with how many calls were decided so: the policy is asked again.
DECIDED: Final = """
SELECT min(reference), policy_version, facts::text, codes, decision, count(*)
FROM (
  SELECT reference, policy_version, facts, CASE WHEN approval_ref = '' THEN codes ELSE '{}' END
    AS codes, CASE WHEN approval_ref <> '' THEN 'needs_approval' WHEN state = 'denied' THEN 'deny'
    ELSE 'allow' END AS decision
  FROM toolrouter_toolcall WHERE grant_id IS NOT NULL AND mode <> 'sample'
  UNION ALL
  SELECT reference, policy_version, claim_facts, '{}', 'needs_approval'
  FROM toolrouter_toolcall WHERE claimed_at IS NOT NULL AND mode <> 'sample') call
GROUP BY policy_version, facts, codes, decision
"""

# What the owner of an operation may find after the policy allowed it (``ports.NotPossible``).
_NOT_POSSIBLE: Final = ([Code.NOT_POSSIBLE], [Code.NOT_CONFIGURED], [Code.TOO_MANY])


def decided_otherwise(
    decided: Iterable[tuple[str, int, str | None, list[str], str, int]],
) -> Iterator[rows.Finding]:
    """Yield what the policy of its version would have decided otherwise from the stored facts.

    That something could not be done whoever did it found out after that.
    """
    for reference, version, stored, codes, decision, calls in decided:
        try:
            verdict = policy.replay(stored or "", version=version)
        except (policy.UnknownVersion, ValidationError):
            yield "decision_differs", reference, f"{calls} calls: these are no facts of the policy"
            continue
        said = (verdict.decision, [str(code) for code in verdict.codes])
        is_impossible = decision == Decision.DENY and codes in _NOT_POSSIBLE
        if said != (decision, codes) and not (is_impossible and not verdict.codes):
            yield "decision_differs", reference, f"{calls} calls: the policy says {said[0]}"


def declare() -> None:
    """Say which facts the entries carry and which row each speaks of. Called once, at start-up."""
    facts.allow(
        "tool",
        {
            "operation": facts.one_of(registry().stored_names()),
            "policy": facts.COUNT,
            "codes": facts.COUNT,
            "code": facts.one_of(Code),
            "amount_minor": facts.MINOR,
            "currency": facts.CURRENCY,
            "differs": facts.COUNT,
            "row": facts.DIGEST,  # operations.digests
            "actor": facts.ACTOR,
        },
    )
    rows.declare(
        "tool",
        dict.fromkeys(EVENTS, Row("toolrouter_toolcall"))
        | dict.fromkeys(RECEIPT_EVENTS, Row("toolrouter_providerreceipt")),
        comparisons=[
            Comparison("tool calls and their entries", PAIRS),
            Comparison("tool calls that ran and their approvals", APPROVED),
            Comparison("tool calls that a restore left open", RESTORED),
            Comparison("receipts and their entries", RECEIPTS),
            Comparison("tool calls and what the policy says", DECIDED, read=decided_otherwise),
        ],
    )
