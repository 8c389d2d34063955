"""What left the house, read back."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.conf import settings

from kernel.modes import Mode
from notices.ports import KeptLetter
from notices.providers import mailer

TO_FILES: Final = "django.core.mail.backends.filebased.EmailBackend"


def are_mails_files() -> bool:
    """Say whether mails are written to ``TRINITY_HOME/mail`` instead of being sent."""
    return bool(settings.EMAIL_BACKEND == TO_FILES)


def is_mail_kept_here() -> bool:
    """Say whether mails are files on this machine, for people to read here. Never in live mode."""
    return are_mails_files() and settings.DEPLOYMENT_MODE != Mode.LIVE


def kept_letter(*, message_id: str, sent_at: datetime) -> KeptLetter | None:
    """Return a letter that was written to a file; None where it was sent or is gone."""
    return mailer().read_back(message_id=message_id, sent_at=sent_at)
