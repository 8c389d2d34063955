"""The operators' outbox: what was mailed to buyers, without their addresses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kernel.paging import Cursor, Page, page_of
from kernel.state_words import OperatorWords
from notices.enums import UNSENT
from revenue.enums import MailKind
from revenue.models import BuyerMail

NoSuchMail = BuyerMail.DoesNotExist
ROWS_PER_PAGE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class MailLine:
    """One mail as operators see it."""

    id: int
    reference: str
    kind: str
    kind_words: str
    state: str
    state_words: OperatorWords
    mode: str
    to: str
    order_ref: str
    trace_ref: str
    attempts: int
    error_class: str
    queued_at: datetime
    next_attempt_at: datetime | None
    sent_at: datetime | None
    message_id: str
    can_resend: bool

    @property
    def error_short(self) -> str:
        """The mail server's number, else the name of what went wrong."""
        number = self.error_class.rpartition(" ")[2]
        return f"answer {number}" if number.isdigit() else self.error_class


def masked_address(address: str) -> str:
    """Return an address so that its owner knows it and nobody else: ``a…@e….com``."""
    local, at, domain = address.rpartition("@")
    if not at:
        return "erased" if not address else "…"
    name, dot, ending = domain.rpartition(".")
    host = f"{name[:1]}…{dot}{ending}" if dot else f"{domain[:1]}…"
    return f"{local[:1]}…@{host}"


def outbox_page(*, cursor: Cursor, state: str, kind: str, mode: str) -> Page[MailLine]:
    """Return one page of mails, newest first; "" means any. One statement."""
    narrowed = {
        name: value for name, value in (("state", state), ("kind", kind), ("mode", mode)) if value
    }
    mails = BuyerMail.objects.select_related("order").filter(**narrowed)
    return page_of(mails, cursor=cursor, limit=ROWS_PER_PAGE).map(_line)


def mail_line(reference: str) -> MailLine | None:
    """Return one mail, or None. One statement."""
    mail = BuyerMail.objects.select_related("order").filter(reference=reference).first()
    return None if mail is None else _line(mail)


def _line(mail: BuyerMail) -> MailLine:
    return MailLine(
        id=mail.pk,
        reference=mail.reference,
        kind=mail.kind,
        kind_words=str(MailKind(mail.kind).label),
        state=mail.state,
        state_words=mail.state_words,
        mode=mail.mode,
        to=masked_address(mail.to_address),
        order_ref=mail.order.reference,
        trace_ref=mail.order.trace_ref,
        attempts=mail.attempts,
        error_class=mail.error_class,
        queued_at=mail.queued_at,
        next_attempt_at=mail.next_attempt_at,
        sent_at=mail.sent_at,
        message_id=mail.message_id,
        can_resend=mail.state in UNSENT and bool(mail.to_address),
    )
