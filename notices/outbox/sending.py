"""Sending what is queued: claim, write the letter, leave the database, hand it over, settle.

One way for every outbox. A mail leaves at most once by itself: what failed before anybody took it
is tried again with a growing pause, as often as ``MAIL_RETRIES`` says; what may have been taken
waits for a person. Alerts are the exception (``Outbox.at_least_once``).
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final, Generic, TypeVar

from django.db import DatabaseError, transaction

from kernel.leases import LostLease, claim_due
from kernel.retries import Backoff
from notices.enums import MailState
from notices.ports import Letter, Mailer, MailError, MailRefused
from notices.rows import QueuedMail

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
M = TypeVar("M", bound=QueuedMail)

LEASE: Final = timedelta(minutes=5)  # longer than all time-outs of one letter together
# Twelve tries of a mail span some ten hours.
MAIL_RETRIES: Final = Backoff(
    first=timedelta(seconds=30), longest=timedelta(hours=3), attempts_max=12
)
GIVE_UP_BATCH: Final = 100
SENDER_LOST: Final = "SenderLost"


def _nothing() -> None:
    """Undo nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A letter about to leave, and what was made for it alone."""

    letter: Letter
    take_back: Callable[[], object] = _nothing  # called where the letter certainly did not leave


class Outbox(ABC, Generic[M]):
    """One queue of mails: their table, what each says, and what follows when one is settled."""

    model: type[M]
    # Whether a mail of it is better told twice than never: what a sender that died had in hand
    # leaves again, and no refusal is final before all tries are used up.
    at_least_once: ClassVar[bool] = False

    @property
    def only(self) -> Mapping[str, str]:
        """Return the columns by which this queue is told from others in its table."""
        return {}

    def claim(self, *, now: datetime) -> M | None:
        """Take the mail whose turn it is, by default the one that has been due longest.

        None where none is due. Commits.
        """
        claimed = claim_due(
            self.model,
            states=[MailState.QUEUED],
            to=MailState.SENDING,
            now=now,
            lease=LEASE,
            limit=1,
            only=self.only,
        )
        return claimed[0] if claimed else None

    @abstractmethod
    def write(self, mail: M, *, reference: str, now: datetime) -> Written | None:
        """Return the letter of ``mail``, called ``reference``; None where it is no longer true.

        In the transaction that commits its Message-ID. A secret that it carries is made here.
        Raises MailRefused where there is nobody to hand it to.
        """

    def forgets(self, _state: MailState) -> Mapping[str, object]:
        """Return the columns that a mail need not keep once it ended so, with what stays there."""
        return {}

    def settled(self, mail: M, *, now: datetime) -> None:  # not all follow up
        """Do what follows from where ``mail`` stands after a try, in the same transaction."""


def send_next(outbox: Outbox[M], *, mailer: Mailer, clock: Clock) -> MailState | None:
    """Send the mail whose turn it is. Returns where it stands now; None if none is due."""
    mail = outbox.claim(now=clock())
    if mail is None:
        return None
    try:
        return _send_claimed(outbox, mail, mailer=mailer, clock=clock)
    except LostLease:
        logger.warning("late for a mail", extra={"mail": mail.reference})
        return MailState.UNKNOWN


def give_up_lost(outbox: Outbox[M], *, now: datetime) -> int:
    """Take mails from senders that died. Returns how many.

    One that had its letter ready may have handed it over: it is unknown, and nothing but a person
    sends it again, unless it is one to be told at least once. Any other is simply sent by the next.
    """
    lost = outbox.model._base_manager.filter(
        state=MailState.SENDING, leased_until__lte=now, **outbox.only
    )
    with transaction.atomic(durable=True):
        mails = list(lost.select_for_update(skip_locked=True).order_by("pk")[:GIVE_UP_BATCH])
        for mail in mails:
            was_ready = f"{_mark(mail)}@" in mail.message_id
            mail.take_lease(now=now, lease=LEASE)  # fences the old sender off, should it wake up
            if was_ready and not outbox.at_least_once:
                _put(outbox, mail, MailState.UNKNOWN, error=SENDER_LOST, now=now)
            elif MAIL_RETRIES.is_over(mail.attempts):
                _put(outbox, mail, MailState.FAILED, error=SENDER_LOST, now=now)
            else:
                _put(outbox, mail, MailState.QUEUED, error=mail.error_class, now=now, due_at=now)
    return len(mails)


def _send_claimed(outbox: Outbox[M], mail: M, *, mailer: Mailer, clock: Clock) -> MailState:
    try:
        written = _prepare(outbox, mail, now=clock())
    except (LostLease, DatabaseError):  # nothing left; the lease ends and the next one sends it
        raise
    except MailRefused as refusal:
        return _settle_refused(outbox, mail, _nothing, refusal, now=clock())
    except Exception as error:  # ours to correct: it is tried again, and must not hold up others
        logger.exception("mail not written", extra={"mail": mail.reference})
        unwritten = MailRefused(type(error).__name__, is_final=False)
        return _settle_refused(outbox, mail, _nothing, unwritten, now=clock())
    if written is None:
        return MailState.OVERTAKEN
    try:
        mailer.send(written.letter)
    except MailRefused as refusal:
        return _settle_refused(outbox, mail, written.take_back, refusal, now=clock())
    except MailError as error:
        return _settle(outbox, mail, MailState.UNKNOWN, error=error.code, now=clock())
    return _settle(outbox, mail, MailState.SENT, now=clock())


def _prepare(outbox: Outbox[M], mail: M, *, now: datetime) -> Written | None:
    """Commit what the letter carries, and its Message-ID, before anything leaves."""
    with transaction.atomic(durable=True):
        written = outbox.write(mail, reference=f"{mail.reference}{_mark(mail)}", now=now)
        if written is None:
            _put(outbox, mail, MailState.OVERTAKEN, now=now)
            return None
        held = outbox.model._base_manager.filter(pk=mail.pk, lease_token=mail.lease_token)
        if not held.update(message_id=written.letter.message_id):
            raise LostLease(f"{mail!r}: token {mail.lease_token} is not the newest")
    return written


def _mark(mail: QueuedMail) -> str:
    """Return what a Message-ID of this claim carries: committed just before the letter leaves."""
    return f".{mail.lease_token}"


def _settle_refused(
    outbox: Outbox[M],
    mail: M,
    take_back: Callable[[], object],
    refusal: MailRefused,
    *,
    now: datetime,
) -> MailState:
    is_final = refusal.is_final and not outbox.at_least_once
    is_over = is_final or MAIL_RETRIES.is_over(mail.attempts)
    state = MailState.FAILED if is_over else MailState.QUEUED
    due_at = None if is_over else now + MAIL_RETRIES.after(mail.attempts)
    with transaction.atomic(durable=True):
        take_back()  # its secret never left the house, so nobody holds it
        _put(outbox, mail, state, error=refusal.code, now=now, due_at=due_at)
    return state


def _settle(
    outbox: Outbox[M], mail: M, state: MailState, *, now: datetime, error: str = ""
) -> MailState:
    with transaction.atomic(durable=True):
        _put(outbox, mail, state, error=error, now=now)
    return state


def _put(
    outbox: Outbox[M],
    mail: M,
    state: MailState,
    *,
    now: datetime,
    error: str = "",
    due_at: datetime | None = None,
) -> None:
    """Say where a mail stands after a try, and do what follows, in the caller's transaction."""
    sent = {"sent_at": now} if state == MailState.SENT else {}
    mail.move_fenced(
        state, next_attempt_at=due_at, error_class=error, **sent, **outbox.forgets(state)
    )
    outbox.settled(mail, now=now)
