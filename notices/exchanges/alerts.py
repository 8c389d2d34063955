"""Mails about alerts: once per item, five an hour by themselves, the rest in an hourly digest.

Each is a row of the outbox in a lane of its own, to all who hear of what it tells. An alert waits
until its turn comes, because only then is known what the letter tells besides; a letter that
nobody took lets go of them all, so that the next one tells what is gravest then.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.db.models import Exists, OuterRef, Subquery

from kernel.leases import claim_due
from kernel.modes import Mode
from kernel.references import new_reference
from kernel.statements import insert
from notices.enums import Lane, MailState, ToldAs
from notices.models import OperatorAlert, OutgoingMail
from notices.outbox.letters import write_letter
from notices.outbox.sending import LEASE, Clock, Outbox, Written, give_up_lost, send_next
from notices.ports import KeptLetter, Letter, Mailer, MailRefused
from notices.queries.alert_lines import alert_line, plain_line
from notices.queries.due_alerts import NextLetter, gravest_first, next_letter

logger = logging.getLogger(__name__)

KIND: Final = "notices.alerts"
DIGEST_LINES_MAX: Final = 50
TOLD: Final = (MailState.SENT, MailState.UNKNOWN)  # unknown: it may have arrived
ONE_CLAIMER: Final = "SELECT pg_advisory_xact_lock(hashtext('notices.send_alerts'))"


class AlertMails(Outbox[OutgoingMail]):
    """The lane of alerts. A mail is made when its letter is due, under its first alert's key."""

    model = OutgoingMail
    at_least_once: ClassVar[bool] = True

    @property
    def only(self) -> Mapping[str, str]:
        """Return which rows stand in this lane."""
        return {"lane": Lane.ALERTS.value}

    def claim(self, *, now: datetime) -> OutgoingMail | None:
        """Take the mail that tells what is gravest now; None where this hour has room for none."""
        with transaction.atomic(durable=True):
            with connection.cursor() as cursor:
                cursor.execute(ONE_CLAIMER)  # two workers must not both count four
            _drop_what_nobody_waits_for()
            letter = next_letter(now=now)
            return None if letter is None else self._claimed(letter, now=now)

    def _claimed(self, letter: NextLetter, *, now: datetime) -> OutgoingMail | None:
        first = letter.first
        claimed = claim_due(
            OutgoingMail,
            states=[MailState.QUEUED],
            to=MailState.SENDING,
            now=now,
            lease=LEASE,
            limit=1,
            only_id=(first.mail or _queued(first, now=now)).pk,
        )
        for mail in claimed:
            told = [alert.pk for alert in (first, *letter.besides)]
            OperatorAlert.objects.filter(pk__in=told).update(mail=mail, told_as=letter.told_as)
        return claimed[0] if claimed else None

    def write(self, mail: OutgoingMail, *, reference: str, now: datetime) -> Written:  # noqa: ARG002  # the port names it
        """Return the letter about what was claimed. Raises MailRefused where nobody gets it."""
        told = gravest_first(OperatorAlert.objects.filter(mail=mail))
        alerts, number = list(told[:DIGEST_LINES_MAX]), told.count()
        recipients = _recipients(alerts[0].of_kind.told_to)
        if not recipients:
            raise MailRefused("NobodyToTell", is_final=False)
        is_digest = alerts[0].told_as == ToldAs.DIGEST
        letter = write_letter(
            template="notices/digest" if is_digest else "notices/alert",
            facts=_of_many(alerts, number=number) if is_digest else {"line": alert_line(alerts[0])},
            mode=Mode(settings.DEPLOYMENT_MODE),
            to=recipients,
            reference=reference,
        )
        return Written(letter=letter)

    def settled(self, mail: OutgoingMail, *, now: datetime) -> None:
        """Note what was told; let go of what was not: each waits for itself again."""
        alerts = OperatorAlert.objects.filter(mail=mail)
        if mail.state in TOLD:
            alerts.update(told_at=now)
            return
        own = OutgoingMail.objects.filter(key=OuterRef("reference"), lane=Lane.ALERTS)
        alerts.update(told_as="", mail=Subquery(own.values("pk")))
        if mail.state == MailState.FAILED:
            told = {"alert": mail.key, "mail": mail.reference, "error": mail.error_class}
            logger.error("alert not mailed", extra=told)


def _drop_what_nobody_waits_for() -> None:
    """Take mails away whose alert was told by another's, or closed before they left."""
    waiting = OperatorAlert.objects.filter(reference=OuterRef("key"), told_at=None, closed_at=None)
    queued = OutgoingMail.objects.filter(lane=Lane.ALERTS, state=MailState.QUEUED)
    queued.exclude(Exists(waiting)).delete()


def _queued(alert: OperatorAlert, *, now: datetime) -> OutgoingMail:
    mail = OutgoingMail(
        reference=new_reference("mail"),
        kind=KIND,
        key=alert.reference,
        lane=Lane.ALERTS,
        next_attempt_at=now,
        queued_at=now,
    )
    insert(mail)
    return mail


def _recipients(told_to: str) -> tuple[str, ...]:
    people = User.objects.with_perm(told_to).exclude(email="").order_by("email")
    addresses = people.values_list("email", flat=True)
    return tuple(dict.fromkeys([*addresses, *settings.OPERATOR_EMAILS]))


def _of_many(alerts: list[OperatorAlert], *, number: int) -> dict[str, Any]:
    lines = []
    for alert in alerts:
        try:
            lines.append(alert_line(alert))
        except DatabaseError:
            raise
        except Exception:  # ours to correct; meanwhile the others must be told, and of this one too
            logger.exception("alert not written", extra={"alert": alert.reference})
            lines.append(plain_line(alert))
    return {"lines": lines, "left_out": number - len(lines)}


ALERT_MAILS: Final = AlertMails()


class _Listening:
    """A mailer that knows whether a letter was refused: then the server takes nothing now."""

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer
        self.has_refused = False

    def send(self, letter: Letter) -> None:
        """Hand ``letter`` over. Raises MailRefused or MailUnknown, and nothing else."""
        try:
            self._mailer.send(letter)
        except MailRefused:
            self.has_refused = True
            raise

    def read_back(self, *, message_id: str, sent_at: datetime) -> KeptLetter | None:
        """Return a letter kept as a file on this machine; None where none is kept."""
        return self._mailer.read_back(message_id=message_id, sent_at=sent_at)


def send_alerts(*, mailer: Mailer, clock: Clock) -> int:
    """Mail what operators have not been told, as far as this hour allows. Returns how many mails.

    A server that refuses one is not asked again: all go to the same people. The next run does.
    """
    listening, told = _Listening(mailer), 0
    give_up_lost(ALERT_MAILS, now=clock())
    while not listening.has_refused:
        state = send_next(ALERT_MAILS, mailer=listening, clock=clock)
        if state is None:
            break
        told += state in TOLD
    return told
