"""What of the team's messages may lag."""

from __future__ import annotations

from typing import Final

from kernel.due_work import DueWork
from notices.enums import MailState, ToldAs
from notices.policy import ALERT_HOUR, ALERTS_ALONE_PER_HOUR

# Alerts beyond what an hour takes are held back on purpose: they are due when the next mail may
# leave, which is when one of this hour's mails of its own, or its digest, is an hour old.
_ALERT_DUE: Final = f"""
SELECT CASE WHEN min(next_attempt_at) IS NOT NULL THEN GREATEST(
    min(next_attempt_at),
    LEAST(
        COALESCE((SELECT told_at FROM revenue_operatoralert WHERE told_as = '{ToldAs.SINGLE}'
            AND told_at IS NOT NULL ORDER BY told_at DESC
            OFFSET {ALERTS_ALONE_PER_HOUR - 1} LIMIT 1), '-infinity'),
        COALESCE((SELECT max(told_at) FROM revenue_operatoralert
            WHERE told_as = '{ToldAs.DIGEST}'), '-infinity')
    ) + interval '{ALERT_HOUR.total_seconds():.0f} seconds'
) END FROM revenue_operatoralert WHERE told_at IS NULL AND closed_at IS NULL"""  # noqa: S608  # our own words

ALERTS: Final = DueWork(id="notices.alerts", words="alerts", oldest_due=_ALERT_DUE)
TEAM_MAILS: Final = DueWork(
    id="notices.team_mails",
    words="mails to the team",
    oldest_due="SELECT min(next_attempt_at) FROM notices_outgoingmail"  # noqa: S608  # our own words
    f" WHERE state IN ('{MailState.QUEUED}', '{MailState.SENDING}')",
)
