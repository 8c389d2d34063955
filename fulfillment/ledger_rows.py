"""Each entry about a run speaks of an event of that run, and each event has its entry."""

from __future__ import annotations

from typing import Final

from fulfillment.enums import RunEventKind
from ledger import rows
from ledger.rows import Comparison, Row

# What ``operations.record_run_event`` writes, column by column.
_SAME: Final = """entry.event = 'run.' || of_run.kind AND entry.subject = of_run.run_ref
  AND entry.refs[1] = of_run.reference AND entry.facts = of_run.facts AND entry.mode = of_run.mode
  AND entry.trace_ref = of_run.trace_ref AND entry.occurred_at = of_run.occurred_at"""
PAIRS: Final = f"""
SELECT
  CASE WHEN of_run.reference IS NULL THEN 'entry_without_row'
    WHEN entry.reference IS NULL THEN 'row_without_entry' ELSE 'entry_differs_from_row' END,
  coalesce(entry.reference, of_run.reference),
  CASE WHEN of_run.reference IS NULL THEN 'no event of a run stands behind it'
    WHEN entry.reference IS NULL THEN 'this event of a run has no ledger entry'
    ELSE concat(of_run.reference, ' says otherwise') END
FROM (SELECT * FROM ledger_ledgerentry WHERE kind = 'run' AND mode <> 'sample') entry
FULL JOIN (
  SELECT own.*, run.reference AS run_ref, run.trace_ref FROM fulfillment_runevent own
  JOIN fulfillment_acquisitionrun run ON run.id = own.run_id WHERE own.mode <> 'sample') of_run
  ON entry.key = 'run:' || of_run.key
WHERE ({_SAME}) IS NOT TRUE
"""  # noqa: S608  # constants only


def declare() -> None:
    """Say which row each of our entries speaks of. Called once, at start-up."""
    run = Row("fulfillment_acquisitionrun")
    rows.declare(
        "run",
        dict.fromkeys((f"run.{kind}" for kind in RunEventKind.values), run),
        comparisons=[Comparison("events of runs and their entries", PAIRS)],
    )
