"""Mails to the team: whom each is for, and what is forgotten when it has left."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from notices.enums import UNSENT, Lane, MailState
from notices.models import OutgoingMail
from notices.models.outgoing import OVER
from notices.outbox.kinds import Leaving, kind_of
from notices.outbox.sending import Outbox, Written

logger = logging.getLogger(__name__)


class OutgoingMails(Outbox[OutgoingMail]):
    """One lane of those to single people."""

    model = OutgoingMail

    def __init__(self, lane: Lane) -> None:
        self.lane = lane

    @property
    def only(self) -> Mapping[str, str]:
        """Return which rows stand in this lane."""
        return {"lane": self.lane.value}

    def write(self, mail: OutgoingMail, *, reference: str, now: datetime) -> Written | None:
        """Return the letter that its kind writes; None where nobody is to get it any more."""
        reader = _reader_of(mail)
        if reader is None or (mail.worth_until and now > mail.worth_until):
            return None
        leaving = Leaving(
            kind=mail.kind, user_id=reader, facts=mail.facts, reference=reference, now=now
        )
        letter = kind_of(mail.kind).write(leaving)
        return None if letter is None else Written(letter=letter)

    def forgets(self, state: MailState) -> Mapping[str, object]:
        """Blank what the letter was told: it has left, or never will."""
        return {"to_address": "", "facts": {}} if state in OVER else {}

    def settled(self, mail: OutgoingMail, *, now: datetime) -> None:  # noqa: ARG002  # the port names it
        """Keep nothing of what nobody was to get; what did not leave is on the person's page."""
        if mail.state in UNSENT:
            told = {"mail": mail.reference, "kind": mail.kind, "error": mail.error_class}
            logger.warning("mail to the team not sent", extra=told)
        if mail.user_id is None and mail.state == MailState.OVERTAKEN:
            mail.delete()


def _reader_of(mail: OutgoingMail) -> int | None:
    """Return who is to get it, and keep that from then on; None where nobody is."""
    if mail.user_id is None:
        mail.user_id = kind_of(mail.kind).reader(mail.to_address)
        mail.save(update_fields=["user"])
    return mail.user_id


LANES: Final = tuple(OutgoingMails(lane) for lane in Lane if lane != Lane.ALERTS)
