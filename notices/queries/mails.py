"""What was mailed to a person of the team, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kernel.state_words import OperatorWords
from notices.enums import MAIL_KEPT_HERE, UNSENT, MailState
from notices.models import OutgoingMail
from notices.models.outgoing import OPEN
from notices.outbox.kinds import known
from notices.queries.letters import is_mail_kept_here

SHOWN_MAX: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamMailLine:
    """One mail as the person's page shows it."""

    reference: str
    words: str
    state_words: OperatorWords
    note: str
    attempts: int
    error_class: str
    queued_at: datetime
    next_attempt_at: datetime | None
    sent_at: datetime | None
    can_resend: bool


def mails_to(user_id: int) -> list[TeamMailLine]:
    """Return the newest mails to this person. One statement."""
    mails = OutgoingMail.objects.filter(user_id=user_id).order_by("-pk")[:SHOWN_MAX]
    return [_line(mail) for mail in mails]


def unsent_to() -> set[int]:
    """Return to whom of the team a mail did not leave, or may not have."""
    unsent = OutgoingMail.objects.filter(state__in=UNSENT, user_id__isnull=False)
    return set(unsent.values_list("user_id", flat=True))


def is_mail_waiting(*, kind: str, user_id: int) -> bool:
    """Say whether a mail of this kind to this person is yet to leave."""
    mails = OutgoingMail.objects.filter(kind=kind, user_id=user_id, state__in=OPEN)
    return mails.exists()


def was_mailed(*, kind: str, user_id: int, since: datetime) -> bool:
    """Say whether a mail of this kind to this person was queued since then."""
    mails = OutgoingMail.objects.filter(kind=kind, user_id=user_id, queued_at__gte=since)
    return mails.exists()


def count_mails(*, kind: str, user_id: int) -> int:
    """Return how many mails of this kind this person was ever to get."""
    return OutgoingMail.objects.filter(kind=kind, user_id=user_id).count()


def _line(mail: OutgoingMail) -> TeamMailLine:
    kind = known().get(mail.kind)
    is_file = is_mail_kept_here() and mail.state == MailState.SENT
    return TeamMailLine(
        reference=mail.reference,
        words=kind.words if kind else mail.kind,
        state_words=mail.state_words,
        note=MAIL_KEPT_HERE if is_file else mail.state_words.note,
        attempts=mail.attempts,
        error_class=mail.error_class,
        queued_at=mail.queued_at,
        next_attempt_at=mail.next_attempt_at if mail.attempts else None,
        sent_at=mail.sent_at,
        can_resend=mail.state in UNSENT,
    )
