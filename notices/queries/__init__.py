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

__all__ = [
    "ListedAlert",
    "alerts_page",
    "are_mails_files",
    "dismissed_alert",
    "is_mail_kept_here",
    "kept_letter",
    "open_alert",
    "open_alerts",
    "subject_of",
]
