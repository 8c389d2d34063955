"""What other apps may have said to the team, within a transaction of theirs."""

from notices.operations.alerts import (
    Lasting,
    close_alert_about,
    close_alerts,
    close_other_alerts,
    keep_standing,
    raise_alert,
)
from notices.operations.mails import queue_mail
from notices.operations.telling import tell

__all__ = [
    "Lasting",
    "close_alert_about",
    "close_alerts",
    "close_other_alerts",
    "keep_standing",
    "queue_mail",
    "raise_alert",
    "tell",
]
