"""Addresses on the wire: the mailbox that was named, or none.

Django writes the part before ``@`` as a MIME word where it is not ASCII, which names another
mailbox, and reads domains by the IDNA of 2003, by which straße.example is strasse.example.
"""

from __future__ import annotations

import smtplib
from email import policy
from email.parser import BytesParser
from typing import Final

import idna
from django.core.mail import EmailMessage
from django.core.mail.message import sanitize_address

UTF8: Final = "utf-8"


class NotAMailbox(ValueError):
    """No mail can be addressed to this text as it stands."""


class NeedsSMTPUTF8(ValueError):
    """The part before ``@`` is not ASCII, and the mail server does not take such (RFC 6531)."""


def on_the_wire(address: str) -> str:
    """Return ``address`` with its domain in ASCII (IDNA 2008) and what stands before it untouched.

    Raises NotAMailbox, also where Django would write another address in its place.
    """
    local, at, domain = address.rpartition("@")
    try:
        plain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError as error:
        raise NotAMailbox("its domain is none") from error
    written = f"{local}@{plain}"
    if not (local and at) or any(char.isspace() or not char.isprintable() for char in local):
        raise NotAMailbox("it has no mailbox, or a space in it")
    if local.isascii() and _as_django_writes(written) != written:
        raise NotAMailbox("it would become another")
    return written


def _as_django_writes(address: str) -> str:
    try:
        return sanitize_address(address, UTF8)
    except ValueError:
        return ""


def is_plain(address: str) -> bool:
    """Say whether every mail server takes ``address``."""
    return address.isascii()


def send_in_utf8(connection: smtplib.SMTP, message: EmailMessage, *, sender: str) -> None:
    """Send ``message`` to addresses that are not ASCII. Raises NeedsSMTPUTF8 and smtplib's errors.

    https://www.rfc-editor.org/rfc/rfc6531
    """
    connection.ehlo_or_helo_if_needed()
    if not connection.has_extn("smtputf8"):
        raise NeedsSMTPUTF8("the mail server does not offer it")
    written = BytesParser(policy=policy.SMTPUTF8).parsebytes(message.message().as_bytes())
    del written["To"]
    written["To"] = ", ".join(message.to)
    connection.sendmail(
        sender,
        message.recipients(),
        written.as_bytes(policy=policy.SMTPUTF8),
        mail_options=["SMTPUTF8", "BODY=8BITMIME"],
    )
