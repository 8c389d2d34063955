"""What of the team's messages may lag."""

from __future__ import annotations

from typing import Final

from kernel.due_work import DueWork
from notices.enums import Lane, MailState, ToldAs
from notices.policy import ALERT_HOUR, ALERTS_ALONE_PER_HOUR

# Alerts beyond what an hour takes are held back on purpose: they are due when the next mail may
# leave, which is when one of this hour's mails of its own, or its digest, is an hour old.
# One that has no mail yet is due since it was raised; one whose mail was given up is not.
_ALERT_DUE: Final = f"""
SELECT CASE WHEN min(due_at) IS NOT NULL THEN GREATEST(
    min(due_at),
    LEAST(
        COALESCE((SELECT told_at FROM revenue_operatoralert WHERE told_as = '{ToldAs.SINGLE}'
            AND told_at IS NOT NULL ORDER BY told_at DESC
            OFFSET {ALERTS_ALONE_PER_HOUR - 1} LIMIT 1), '-infinity'),
        COALESCE((SELECT max(told_at) FROM revenue_operatoralert
            WHERE told_as = '{ToldAs.DIGEST}'), '-infinity')
    ) + interval '{ALERT_HOUR.total_seconds():.0f} seconds'
) END FROM (
    SELECT CASE WHEN mail.id IS NULL THEN raised_at ELSE mail.next_attempt_at END AS due_at
    FROM revenue_operatoralert LEFT JOIN notices_outgoingmail mail ON mail.id = mail_id
    WHERE told_at IS NULL AND closed_at IS NULL) untold"""  # noqa: S608  # our own words

ALERTS: Final = DueWork(id="notices.alerts", words="alerts", oldest_due=_ALERT_DUE)
TEAM_MAILS: Final = DueWork(
    id="notices.team_mails",
    words="mails to the team",
    oldest_due="SELECT min(next_attempt_at) FROM notices_outgoingmail"  # noqa: S608  # our own words
    f" WHERE state IN ('{MailState.QUEUED}', '{MailState.SENDING}') AND lane <> '{Lane.ALERTS}'",
)
