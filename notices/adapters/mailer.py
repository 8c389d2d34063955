"""Letters out through Django's mail, saying exactly how far a failed one came.

https://www.rfc-editor.org/rfc/rfc5321#section-4.2.5: until the server has answered the body of a
message nobody is responsible for it; from there on a missing answer may mean that it was taken.
"""

from __future__ import annotations

import logging
import smtplib
from datetime import datetime, timedelta
from email import policy
from email.parser import BytesParser
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address

from notices.adapters.mailboxes import UTF8, NeedsSMTPUTF8, is_plain, on_the_wire, send_in_utf8
from notices.ports import KeptLetter, Letter, Mailer, MailRefused, MailUnknown

logger = logging.getLogger(__name__)

SMTP_BACKEND: Final = "django.core.mail.backends.smtp.EmailBackend"
FILE_BACKEND: Final = "django.core.mail.backends.filebased.EmailBackend"
EXPLICIT: Final = (smtplib.SMTPSenderRefused, smtplib.SMTPDataError)


class WatchedSMTP(smtplib.SMTP):
    """A connection that knows whether the body of a message has begun to leave."""

    has_begun = False

    def data(self, msg: Any) -> Any:
        """Send the body."""
        self.has_begun = True
        return super().data(msg)


class WatchedSMTPOverTLS(smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""

    has_begun = False

    def data(self, msg: Any) -> Any:
        """Send the body."""
        self.has_begun = True
        return super().data(msg)


class WatchedBackend(EmailBackend):
    """Django's SMTP backend over connections that know how far they came."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        """Return the class of the connection."""
        return WatchedSMTPOverTLS if self.use_ssl else WatchedSMTP

    def _send(self, email_message: EmailMessage) -> bool:
        """Send one message; to a mailbox that is not ASCII only where the server takes such."""
        if all(is_plain(address) for address in email_message.recipients()):
            return bool(super()._send(email_message))  # type: ignore[misc]  # not in the stubs
        if self.connection is None:
            return False
        sender = sanitize_address(email_message.from_email, UTF8)
        send_in_utf8(self.connection, email_message, sender=parseaddr(sender)[1])
        return True


class DjangoMailer:
    """Sends through the backend that ``EMAIL_URL`` names, with a timeout on every answer."""

    def send(self, letter: Letter) -> None:
        """Hand ``letter`` over. Raises MailRefused or MailUnknown, and nothing else."""
        backend = _backend()
        try:
            message = _message(letter, backend)
            message.message()  # a header that cannot be written is found before anybody is called
            backend.open()
        except Exception as error:
            _hang_up(backend)
            raise MailRefused(_code(error), is_final=_is_about_the_letter(error)) from error
        connection = getattr(backend, "connection", None)
        try:
            message.send()
        except Exception as error:
            raise _classified(error, has_begun=_has_begun(connection)) from error
        finally:
            _hang_up(backend)

    def read_back(self, *, message_id: str, sent_at: datetime) -> KeptLetter | None:
        """Return a letter that the file backend wrote about ``sent_at``."""
        if settings.EMAIL_BACKEND != FILE_BACKEND or not message_id:
            return None
        folder = Path(settings.EMAIL_FILE_PATH)
        # The backend names its files by the local minute, and TIME_ZONE is UTC.
        for at in (sent_at, sent_at - timedelta(minutes=1), sent_at + timedelta(minutes=1)):
            for path in folder.glob(f"{at:%Y%m%d-%H%M}*.log"):
                if kept := _kept_in(path.read_bytes(), message_id=message_id):
                    return kept
        return None


def _backend() -> BaseEmailBackend:
    if settings.EMAIL_BACKEND == SMTP_BACKEND:
        return WatchedBackend(timeout=settings.EMAIL_TIMEOUT)
    backend: BaseEmailBackend = get_connection()
    return backend


def _message(letter: Letter, backend: BaseEmailBackend) -> EmailMultiAlternatives:
    contact: str = settings.SELLER_CONTACT
    to = [on_the_wire(address) for address in letter.to]
    if not isinstance(backend, WatchedBackend) and not all(map(is_plain, to)):
        raise NeedsSMTPUTF8("this backend writes another address in its place")
    message = EmailMultiAlternatives(
        subject=letter.subject,
        body=letter.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=to,
        reply_to=[contact] if "@" in contact else None,
        headers={"Message-ID": letter.message_id, "Auto-Submitted": "auto-generated"},
        connection=backend,
    )
    if letter.html:
        message.attach_alternative(letter.html, "text/html")
    return message


def _has_begun(connection: object) -> bool:
    """Say whether a body may have left; a backend that cannot tell counts as yes."""
    if isinstance(connection, WatchedSMTP | WatchedSMTPOverTLS):
        return connection.has_begun
    return True


def _classified(error: Exception, *, has_begun: bool) -> MailRefused | MailUnknown:
    """Say what an error after the greeting means for the letter."""
    codes = _answers(error)
    if codes and all(400 <= code < 600 for code in codes):
        return MailRefused(f"{type(error).__name__} {codes[0]}", is_final=min(codes) >= 500)
    if has_begun:
        return MailUnknown(_code(error))
    return MailRefused(_code(error), is_final=_is_about_the_letter(error))


def _is_about_the_letter(error: Exception) -> bool:
    """Say whether an address or a header was wrong, and not the network or a certificate."""
    return isinstance(error, ValueError) and not isinstance(error, OSError)


def _answers(error: Exception) -> list[int]:
    """Return the server's own words of refusal, one per recipient; none where it said nothing."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return [code for code, _words in error.recipients.values()]
    return [error.smtp_code] if isinstance(error, EXPLICIT) else []


def _code(error: Exception) -> str:
    """Name an error without its text: servers quote addresses."""
    answer = getattr(error, "smtp_code", None)
    return type(error).__name__ if answer is None else f"{type(error).__name__} {answer}"


def _hang_up(backend: BaseEmailBackend) -> None:
    """Close the connection. What was said before stands, however rudely it ends."""
    try:
        backend.close()
    except (smtplib.SMTPException, OSError) as error:
        logger.warning("mail server hung up badly", extra={"error": type(error).__name__})


def _kept_in(content: bytes, *, message_id: str) -> KeptLetter | None:
    """Return the message called ``message_id`` out of a file of messages."""
    for part in content.split(b"\n" + b"-" * 79 + b"\n"):
        if message_id.encode() not in part:
            continue
        message = BytesParser(policy=policy.default).parsebytes(part)
        bodies = {kind: message.get_body((kind,)) for kind in ("plain", "html")}
        text, html = ("" if body is None else body.get_content() for body in bodies.values())
        return KeptLetter(subject=str(message["Subject"]), text=text, html=html)
    return None


_IS_A_PORT: type[Mailer] = DjangoMailer  # held here by mypy
