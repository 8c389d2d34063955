"""A person sends a mail to somebody of the team again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kernel.nudges import nudge_after_commit
from ledger import operations as ledger
from notices.enums import UNSENT, MailState
from notices.models import OutgoingMail
from notices.operations.mails import QUEUED
from notices.outbox.kinds import kind_of


class NoSuchMail(Exception):
    """This person was not sent such a mail."""


class NotToBeSent(Exception):
    """The mail was sent, or is about to be."""


def resend_team_mail(*, mail_ref: str, user_id: int, actor_id: int, now: datetime) -> None:
    """Queue a failed or unknown mail to ``user_id`` again, with all its tries; write down by whom.

    Raises NoSuchMail; NotToBeSent for any other state, so that pressing twice sends once.
    """
    with transaction.atomic(durable=True):
        mails = OutgoingMail.objects.select_for_update(no_key=True)
        mail = mails.filter(reference=mail_ref, user_id=user_id).first()
        if mail is None:
            raise NoSuchMail(mail_ref)
        if mail.state not in UNSENT:
            raise NotToBeSent(mail.state)
        mail.move(
            MailState.QUEUED,
            attempts=0,
            next_attempt_at=now,
            error_class="",
            worth_until=now + kind_of(mail.kind).worth_sending,
        )
        ledger.audit(
            actor_id=actor_id,
            event="team_mail.sent_again",
            subject=mail.reference,
            refs=[f"user:{user_id}"],
            now=now,
        )
        nudge_after_commit(QUEUED)
