"""What was said, and what is to be said."""

from notices.models.alerts import OperatorAlert
from notices.models.outgoing import OutgoingMail
from notices.models.preferences import NoticePreference

__all__ = ["NoticePreference", "OperatorAlert", "OutgoingMail"]
