"""What other apps may ask about what was said to the team."""

from notices.queries.alerts import (
    ListedAlert,
    alerts_page,
    dismissed_alert,
    open_alert,
    open_alerts,
    subject_of,
)
from notices.queries.letters import are_mails_files, is_mail_kept_here, kept_letter
from notices.queries.mails import (
    TeamMailLine,
    count_mails,
    is_mail_waiting,
    mails_to,
    unsent_to,
    was_mailed,
)
from notices.queries.preferences import Clock, clock_of, principals_of

__all__ = [
    "Clock",
    "ListedAlert",
    "TeamMailLine",
    "alerts_page",
    "are_mails_files",
    "clock_of",
    "count_mails",
    "dismissed_alert",
    "is_mail_kept_here",
    "is_mail_waiting",
    "kept_letter",
    "mails_to",
    "open_alert",
    "open_alerts",
    "principals_of",
    "subject_of",
    "unsent_to",
    "was_mailed",
]
