"""A person sends a mail again: what failed, or what nobody knows the fate of."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kernel.nudges import nudge_after_commit
from ledger import operations as ledger
from notices import operations as notices
from notices.enums import UNSENT
from revenue.enums import AlertKind, MailState
from revenue.models import BuyerMail


class NotToBeSent(Exception):
    """The mail was sent, is about to be, or has no address any more."""


def resend_mail(*, mail_ref: str, actor_id: int | None, now: datetime) -> BuyerMail:
    """Queue a failed or unknown mail again, with all its tries, and write down who said so.

    Raises NotToBeSent for any other mail, so that pressing twice sends once, and
    BuyerMail.DoesNotExist.
    """
    with transaction.atomic(durable=True):
        mails = BuyerMail.objects.select_for_update(no_key=True, of=("self",))
        mail = mails.select_related("order").get(reference=mail_ref)
        if mail.state not in UNSENT:
            raise NotToBeSent(mail.state)
        if not mail.to_address:
            raise NotToBeSent("its address was erased")
        mail.move(MailState.QUEUED, attempts=0, next_attempt_at=now, error_class="")
        ledger.audit(
            actor_id=actor_id,
            event="mail.sent_again",
            subject=mail.reference,
            refs=[mail.order.reference],
            mode=mail.mode,
            trace_ref=mail.order.trace_ref,
            now=now,
        )
        notices.close_alerts(subject=mail.reference, kind=AlertKind.MAIL_UNSENT, now=now)
        nudge_after_commit("mail.queued")
    return mail
