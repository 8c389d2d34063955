"""Sending what is queued for buyers: claim, write the letter, leave the database, settle."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import DatabaseError, transaction
from django.urls import reverse

from kernel.leases import LostLease, claim_due
from kernel.modes import Mode
from revenue.adapters.letters import write_letter
from revenue.enums import AlertKind, MailState
from revenue.models import BuyerMail, Order, OrderLink
from revenue.operations.alerts import raise_alert_about
from revenue.operations.order_links import make_order_link
from revenue.policy import MAIL_RETRIES
from revenue.ports_mail import Letter, Mailer, MailError, MailRefused
from revenue.queries.letters import is_overtaken, letter_facts

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
LEASE: Final = timedelta(minutes=5)  # longer than all time-outs of one letter together
GIVE_UP_BATCH: Final = 100


def send_next(*, mailer: Mailer, clock: Clock) -> MailState | None:
    """Send the mail that has been due longest. Returns where it stands now; None if none is due.

    A mail leaves at most once by itself: what failed before anybody took it is tried again with a
    growing pause, as often as ``MAIL_RETRIES`` says; what may have been taken waits for a person.
    """
    claimed = claim_due(
        BuyerMail,
        states=[MailState.QUEUED],
        to=MailState.SENDING,
        now=clock(),
        lease=LEASE,
        limit=1,
    )
    if not claimed:
        return None
    try:
        return _send_claimed(claimed[0], mailer=mailer, clock=clock)
    except LostLease:
        logger.warning("late for a mail", extra={"mail": claimed[0].reference})
        return MailState.UNKNOWN


def give_up_lost(*, now: datetime) -> int:
    """Take mails from senders that died. Returns how many.

    One that had its letter ready may have handed it over: it is unknown, and nothing but a person
    sends it again. One that had not is simply sent by the next.
    """
    lost = BuyerMail.objects.filter(state=MailState.SENDING, leased_until__lte=now)
    with transaction.atomic(durable=True):
        mails = list(lost.select_for_update(skip_locked=True).order_by("pk")[:GIVE_UP_BATCH])
        for mail in mails:
            was_ready = f"{_mark(mail)}@" in mail.message_id
            mail.take_lease(now=now, lease=LEASE)  # fences the old sender off, should it wake up
            if was_ready:
                _park(mail, MailState.UNKNOWN, error="SenderLost", now=now)
            elif MAIL_RETRIES.is_over(mail.attempts):
                _park(mail, MailState.FAILED, error="SenderLost", now=now)
            else:
                mail.move_fenced(MailState.QUEUED, next_attempt_at=now)
    return len(mails)


def _send_claimed(mail: BuyerMail, *, mailer: Mailer, clock: Clock) -> MailState:
    mail.order = Order.objects.select_related("offer").get(pk=mail.order_id)
    if is_overtaken(mail):
        with transaction.atomic(durable=True):
            mail.move_fenced(MailState.OVERTAKEN, next_attempt_at=None)
        return MailState.OVERTAKEN
    try:
        link, letter = _prepare(mail, now=clock())
    except (LostLease, DatabaseError):  # nothing left; the lease ends and the next one sends it
        raise
    except Exception as error:  # ours to correct: it is tried again, and must not hold up others
        logger.exception("mail not written", extra={"mail": mail.reference})
        unwritten = MailRefused(type(error).__name__, is_final=False)
        return _settle_refused(mail, None, unwritten, now=clock())
    try:
        mailer.send(letter)
    except MailRefused as refusal:
        return _settle_refused(mail, link, refusal, now=clock())
    except MailError as error:
        with transaction.atomic(durable=True):
            _park(mail, MailState.UNKNOWN, error=error.code, now=clock())
        return MailState.UNKNOWN
    now = clock()
    with transaction.atomic(durable=True):
        mail.move_fenced(MailState.SENT, sent_at=now, next_attempt_at=None, error_class="")
    return MailState.SENT


def _prepare(mail: BuyerMail, *, now: datetime) -> tuple[OrderLink, Letter]:
    """Commit the link that the letter carries, and its Message-ID, before anything leaves."""
    with transaction.atomic(durable=True):
        link, token = make_order_link(
            checkout_id=mail.order.checkout_id, made_for=mail.kind, now=now
        )
        letter = write_letter(
            template=mail.kind,
            facts=letter_facts(mail)
            | {"link": settings.BASE_URL + reverse("order-open", args=[token])},
            mode=Mode(mail.mode),
            to=(mail.to_address,),
            reference=f"{mail.reference}{_mark(mail)}",
        )
        held = BuyerMail.objects.filter(pk=mail.pk, lease_token=mail.lease_token)
        if not held.update(message_id=letter.message_id):
            raise LostLease(f"{mail!r}: token {mail.lease_token} is not the newest")
    return link, letter


def _mark(mail: BuyerMail) -> str:
    """Return what a Message-ID of this claim carries: committed just before the letter leaves."""
    return f".{mail.lease_token}"


def _settle_refused(
    mail: BuyerMail, link: OrderLink | None, refusal: MailRefused, *, now: datetime
) -> MailState:
    is_over = refusal.is_final or MAIL_RETRIES.is_over(mail.attempts)
    with transaction.atomic(durable=True):
        if link is not None:
            link.delete()  # its secret never left the house, so nobody holds it
        if is_over:
            _park(mail, MailState.FAILED, error=refusal.code, now=now)
            return MailState.FAILED
        mail.move_fenced(
            MailState.QUEUED,
            next_attempt_at=now + MAIL_RETRIES.after(mail.attempts),
            error_class=refusal.code,
        )
    return MailState.QUEUED


def _park(mail: BuyerMail, state: MailState, *, error: str, now: datetime) -> None:
    """Leave a mail to a person, and tell operators, in the caller's transaction."""
    mail.move_fenced(state, next_attempt_at=None, error_class=error)
    raise_alert_about(
        kind=AlertKind.MAIL_UNSENT,
        item=f"{mail.reference}:{mail.lease_token}",
        subject=mail.reference,
        mode=Mode(mail.mode),
        now=now,
        facts={"state": str(state), "kind": mail.kind},
    )
