"""What a queued mail would say, were it to leave at this moment."""

from __future__ import annotations

from django.utils import timezone

from notices.models import OutgoingMail
from notices.outbox.kinds import Leaving, kind_of
from notices.ports import Letter


def letter_of(mail: OutgoingMail) -> Letter | None:
    """Write it, as its kind does."""
    return kind_of(mail.kind).write(
        Leaving(
            kind=mail.kind,
            user_id=mail.user_id or 0,
            facts=mail.facts,
            reference=mail.reference,
            now=timezone.now(),
        )
    )
