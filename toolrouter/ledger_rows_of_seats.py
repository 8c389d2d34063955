"""Which row each entry about a seat speaks of, and the reverse."""

from __future__ import annotations

from typing import Final

from ledger import facts, rows
from ledger.rows import Comparison, Row
from toolrouter.planning import LANES_MAX, lane_name

_SEAT: Final = Row("toolrouter_seat")
_BINDING: Final = Row("toolrouter_seatbinding")
_NOBODY: Final = "NULL::bigint AS who"
_TOLD: Final = {
    "seat.made": (
        _SEAT,
        """SELECT own.reference, ARRAY[]::text[] AS refs, own.made_by_id AS who, own.made_at AS at,
  jsonb_build_object('lane', own.lane, 'token_digest', own.token_sha256) AS facts
FROM toolrouter_seat own""",
    ),
    "seat.ended": (
        _SEAT,
        f"""SELECT own.reference, ARRAY[]::text[] AS refs, {_NOBODY}, own.ended_at AS at,
  '{{}}'::jsonb AS facts
FROM toolrouter_seat own WHERE own.ended_at IS NOT NULL""",  # noqa: S608  # constants only
    ),
    "seat.bound": (
        _BINDING,
        f"""SELECT own.reference, ARRAY[seat.reference, held.reference, held.run_ref] AS refs,
  {_NOBODY}, own.bound_at AS at, '{{}}'::jsonb AS facts
FROM toolrouter_seatbinding own JOIN toolrouter_seat seat ON seat.id = own.seat_id
JOIN toolrouter_grant held ON held.id = own.grant_id""",  # noqa: S608  # constants only
    ),
    "seat.closed": (
        _BINDING,
        f"""SELECT own.reference, ARRAY[]::text[] AS refs, {_NOBODY}, own.closed_at AS at,
  '{{}}'::jsonb AS facts
FROM toolrouter_seatbinding own WHERE own.closed_at IS NOT NULL""",  # noqa: S608  # constants only
    ),
    "seat.freed": (
        _BINDING,
        f"""SELECT own.reference, ARRAY[]::text[] AS refs, {_NOBODY}, own.freed_at AS at,
  '{{}}'::jsonb AS facts
FROM toolrouter_seatbinding own WHERE own.freed_at IS NOT NULL""",  # noqa: S608  # constants only
    ),
}
_EVENTS: Final = ", ".join(f"'{event}'" for event in _TOLD)
_ALL_TOLD: Final = " UNION ALL ".join(
    f"SELECT '{event}' AS event, reference, refs, who, at, facts FROM ({told}) one"  # noqa: S608  # constants only
    for event, (_, told) in _TOLD.items()
)
PAIRS: Final = f"""
SELECT
  CASE WHEN told.reference IS NULL THEN 'entry_without_row'
    WHEN entry.reference IS NULL THEN 'row_without_entry' ELSE 'entry_differs_from_row' END,
  coalesce(entry.reference, told.reference),
  CASE WHEN told.reference IS NULL THEN concat('no row stands behind this ', entry.event)
    WHEN entry.reference IS NULL THEN concat('no entry says ', told.event, ' of it')
    ELSE concat(told.reference, ' says otherwise') END
FROM (SELECT * FROM ledger_ledgerentry WHERE kind = 'audit' AND event IN ({_EVENTS})) entry
FULL JOIN ({_ALL_TOLD}) told ON entry.key = told.event || ':' || told.reference
WHERE (entry.event = told.event AND entry.subject = told.reference
  AND entry.refs = told.refs::varchar[] AND entry.occurred_at = told.at
  AND entry.facts = told.facts
    || jsonb_build_object('actor', coalesce('user:' || told.who, 'system'))) IS NOT TRUE
"""  # noqa: S608  # constants only


def declare() -> None:
    """Say which facts and rows our entries carry. Called once, at start-up."""
    facts.allow(
        "audit",
        {
            "lane": facts.one_of([lane_name(number + 1) for number in range(LANES_MAX)]),
        },
    )
    rows.declare(
        "audit",
        {event: row for event, (row, _) in _TOLD.items()},
        comparisons=[Comparison("seats and their entries", PAIRS)],
    )
