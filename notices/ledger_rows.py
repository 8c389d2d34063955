"""Which rows the ledger entries of alerts and of mails to the team speak of."""

from __future__ import annotations

from typing import Final

from ledger import rows
from ledger.rows import Comparison, Row

ALERT: Final = Row("revenue_operatoralert")
AUDITED: Final = {
    "alert.assigned": ALERT,
    "alert.closed": ALERT,  # of 0.1, which knew no dismissal
    "alert.dismissed": ALERT,
    "alert.restored": ALERT,
    "alert.snoozed": ALERT,
    "alert.woken": ALERT,
    "team_mail.sent_again": Row("notices_outgoingmail"),
    "notices.changed": Row("notices_noticepreference", "'user:' || own.user_id"),
}
# Who hears of a decision that waits, and who in whose place, is what its newest entry says.
CHOICES: Final = """
SELECT
  CASE WHEN own.id IS NULL THEN 'entry_without_row'
    WHEN entry.reference IS NULL THEN 'row_without_entry' ELSE 'entry_differs_from_row' END,
  coalesce(entry.reference, 'user:' || own.user_id),
  CASE WHEN own.id IS NULL THEN 'no choice of notices stands behind it'
    WHEN entry.reference IS NULL THEN 'this choice of notices has no ledger entry'
    ELSE 'what is mailed to this person says otherwise' END
FROM (SELECT DISTINCT ON (subject) * FROM ledger_ledgerentry
      WHERE kind = 'audit' AND event = 'notices.changed' ORDER BY subject, id DESC) entry
FULL JOIN notices_noticepreference own ON entry.subject = 'user:' || own.user_id
WHERE (entry.occurred_at = own.changed_at
  AND (entry.facts ->> 'muted')::int = cardinality(own.muted)
  AND coalesce(entry.facts ->> 'deputy', '') = coalesce('user:' || own.deputy_id, '')
  AND (entry.facts ->> 'deputy_from')::timestamptz IS NOT DISTINCT FROM own.deputy_from
  AND (entry.facts ->> 'deputy_until')::timestamptz IS NOT DISTINCT FROM own.deputy_until
  ) IS NOT TRUE
"""


def declare() -> None:
    """Say it. Called at start-up."""
    rows.declare(
        "audit",
        AUDITED,
        comparisons=[Comparison("what people chose to be mailed and its entries", CHOICES)],
    )
