"""Each entry about a tool call speaks of that call as it is, and each call has its entry."""

from __future__ import annotations

from typing import Final

from ledger import facts, rows
from ledger.rows import Comparison, Row
from toolrouter.registry import registry
from toolrouter.vocabulary import Code

EVENTS: Final = ("call.done", "call.denied")
# What ``operations.recording`` writes, column by column.
_SAME: Final = """entry.event = told.event AND entry.subject = told.reference
  AND entry.refs = told.refs::varchar[] AND entry.facts = told.told_facts AND entry.mode = told.mode
  AND entry.trace_ref = told.trace_ref AND entry.occurred_at = told.asked_at"""
PAIRS: Final = f"""
SELECT
  CASE WHEN told.reference IS NULL THEN 'entry_without_row'
    WHEN entry.reference IS NULL THEN 'row_without_entry' ELSE 'entry_differs_from_row' END,
  coalesce(entry.reference, told.reference),
  CASE WHEN told.reference IS NULL THEN 'no tool call stands behind it'
    WHEN entry.reference IS NULL THEN 'this tool call has no ledger entry'
    ELSE concat(told.reference, ' says otherwise') END
FROM (SELECT * FROM ledger_ledgerentry WHERE kind = 'tool' AND mode <> 'sample') entry
FULL JOIN (
  SELECT own.reference, own.mode, own.trace_ref, own.asked_at, 'call.' || own.state AS event,
    array_remove(ARRAY[coalesce(nullif(own.run_ref, ''), own.credential_ref),
      nullif(own.subject_ref, '')], NULL) AS refs,
    jsonb_strip_nulls(jsonb_build_object('operation', own.operation, 'policy', own.policy_version,
      'codes', cardinality(own.codes), 'code', own.codes[1])) AS told_facts
  FROM toolrouter_toolcall own WHERE own.state IN ('done', 'denied') AND own.mode <> 'sample') told
  ON entry.key = told.event || ':' || told.reference
WHERE ({_SAME}) IS NOT TRUE
"""  # noqa: S608  # constants only


def declare() -> None:
    """Say which facts the entries carry and which row each speaks of. Called once, at start-up."""
    facts.allow(
        "tool",
        {
            "operation": facts.one_of(registry().stored_names()),
            "policy": facts.COUNT,
            "codes": facts.COUNT,
            "code": facts.one_of(Code),
        },
    )
    rows.declare(
        "tool",
        dict.fromkeys(EVENTS, Row("toolrouter_toolcall")),
        comparisons=[Comparison("tool calls and their entries", PAIRS)],
    )
