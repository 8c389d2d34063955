"""Each entry about a run speaks of an event of that run, and each event has its entry."""

from __future__ import annotations

from typing import Final

from fulfillment.enums import RunEventKind
from kernel.row_digests import SALTED_SQL
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

# What an intake is funded with is what its order holds, and a run's grant says the same of both.
FUNDED: Final = """
SELECT 'funding_differs', intake.reference, concat('it says that ', intake.funded_minor, ' ',
  intake.currency, ' is left of order ', sold.reference, ', of which ', held.minor, ' is')
FROM fulfillment_orderintake intake JOIN revenue_order sold ON sold.id = intake.order_id
CROSS JOIN LATERAL (SELECT CASE WHEN sold.paid_at IS NULL THEN 0 ELSE sold.amount_minor END
  - sold.refunded_minor - sold.disputed_minor AS minor) held
WHERE intake.mode <> 'sample'
  AND (intake.funded_minor, intake.currency) IS DISTINCT FROM (held.minor, sold.currency)
UNION ALL
SELECT 'grant_differs', run.reference, CASE WHEN given.id IS NULL THEN 'it has no grant'
  ELSE concat(given.reference, ' says otherwise') END
FROM fulfillment_acquisitionrun run
LEFT JOIN fulfillment_orderintake intake ON intake.id = run.intake_id
LEFT JOIN toolrouter_grant given ON given.run_ref = run.reference
WHERE run.mode <> 'sample' AND (
  given.project_ref = run.project_ref AND given.kind = run.kind AND given.mode = run.mode
  AND given.trace_ref = run.trace_ref AND given.expires_at = run.deadline
  AND given.funded_minor = coalesce(intake.funded_minor, 0)
  AND given.currency = coalesce(intake.currency, given.currency)
  AND run.project_ref = coalesce(intake.project_ref, run.project_ref)
  AND (given.frozen_at IS NOT NULL) = (run.state IN ('frozen', 'paused'))
  AND (given.ended_at IS NOT NULL) = (run.state IN ('delivered', 'stopped', 'failed'))) IS NOT TRUE
UNION ALL
SELECT 'grant_without_run', given.reference, 'it holds money, or stands still, for no run'
FROM toolrouter_grant given
WHERE given.mode <> 'sample' AND (given.funded_minor <> 0 OR given.frozen_at IS NOT NULL)
  AND NOT EXISTS (SELECT FROM fulfillment_acquisitionrun run WHERE run.reference = given.run_ref)
"""

# What was released is what an entry of its run says that it was, in either direction.
RELEASED: Final = """
SELECT CASE WHEN own.reference IS NULL THEN 'entry_without_row' ELSE 'row_without_entry' END,
  coalesce(own.reference, said.reference),
  CASE WHEN own.reference IS NULL THEN 'its run says that it was released, and it was not'
    ELSE 'it was released, and its run does not say so' END
FROM (
  SELECT own.reference, run.reference AS run_ref FROM fulfillment_deliverable own
  JOIN fulfillment_acquisitionrun run ON run.id = own.run_id
  WHERE own.state = 'released' AND own.mode <> 'sample') own
FULL JOIN (
  SELECT named.reference, entry.subject FROM ledger_ledgerentry entry
  CROSS JOIN LATERAL unnest(entry.refs) AS named(reference)
  WHERE entry.kind = 'run' AND entry.event = 'run.released' AND entry.mode <> 'sample'
    AND left(named.reference, 4) = 'dlv_') said
  ON said.reference = own.reference AND said.subject = own.run_ref
WHERE own.reference IS NULL OR said.reference IS NULL
"""
# Each answer has its line, and its words are what its digest is of, until they were erased.
_BRIEF: Final = SALTED_SQL.format(
    salt="brief.salt", words="concat_ws(chr(10), brief.company, brief.website, brief.question)"
)
BRIEFS: Final = f"""
SELECT 'row_without_entry', brief.reference, 'nothing says that this brief was given'
FROM fulfillment_brief brief WHERE brief.mode <> 'sample' AND NOT EXISTS (
  SELECT FROM ledger_ledgerentry entry JOIN fulfillment_acquisitionrun run
    ON run.reference = entry.subject
  WHERE entry.kind = 'run' AND entry.event = 'run.brief_given' AND run.id = brief.run_id
    AND entry.refs[2] = brief.reference AND entry.facts ->> 'digest' = brief.digest
    AND entry.facts ->> 'given_as' = brief.given_as
    AND entry.facts ->> 'actor' = coalesce('user:' || brief.given_by_id, 'visitor')
    AND entry.occurred_at = brief.given_at)
UNION ALL
SELECT 'words_differ_from_digest', brief.reference, 'the brief is not what was answered'
FROM fulfillment_brief brief
WHERE NOT (brief.salt = '' AND brief.company = '' AND brief.website = '' AND brief.question = '')
  AND brief.digest <> {_BRIEF}
"""  # noqa: S608  # constants only


def declare() -> None:
    """Say which row each of our entries speaks of. Called once, at start-up."""
    run = Row("fulfillment_acquisitionrun")
    rows.declare("audit", {"source.released": Row("fulfillment_source")})
    rows.declare(
        "run",
        dict.fromkeys((f"run.{kind}" for kind in RunEventKind.values), run),
        comparisons=[
            Comparison("events of runs and their entries", PAIRS),
            Comparison("briefs and their entries", BRIEFS),
            Comparison("what orders brought, intakes and grants", FUNDED),
            Comparison("documents that were released", RELEASED),
        ],
    )
