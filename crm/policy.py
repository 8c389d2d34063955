"""Who is who: the pure rules by which two spellings are one person or one company.

Nothing here looks anything up.
"""

from __future__ import annotations

import unicodedata
from typing import Final
from urllib.parse import urlsplit

import idna

HOME_PROJECT: Final = "Trinity Growth"  # where public requests and direct purchases land

EMAIL_CHARS_MAX, NAME_CHARS_MAX, COMPANY_CHARS_MAX, TITLE_CHARS_MAX = 254, 200, 150, 200

# Addresses at these say nothing about where somebody works.
MAILBOX_DOMAINS: Final = frozenset(
    """
    aol.com fastmail.com gmail.com gmx.com gmx.de gmx.net googlemail.com hey.com hotmail.com
    icloud.com live.com mac.com mail.com mail.ru me.com msn.com outlook.com posteo.de proton.me
    protonmail.com qq.com t-online.de tutanota.com web.de yahoo.co.uk yahoo.com yandex.ru zoho.com
    163.com 126.com
    """.split()  # noqa: SIM905  # thirty quoted strings would be harder to read
)


class NotAnAddress(ValueError):
    """The text cannot be an e-mail address or a web domain."""


def plain(text: str, *, chars_max: int) -> str:
    """Return ``text`` on one line: NFKC, no control characters, single spaces, cut to length."""
    visible = _visible(unicodedata.normalize("NFKC", text))
    return " ".join(visible.split())[:chars_max].rstrip()


def plain_lines(text: str) -> str:
    """Return ``text`` in its lines, without what cannot be seen or turns the rest around."""
    return "\n".join(_visible(line).rstrip() for line in text.splitlines()).strip()


def _visible(text: str) -> str:
    return "".join(
        " " if char.isspace() else char
        for char in text
        if char.isspace() or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )


def domain_key(domain: str) -> str:
    """Return the one spelling of a web domain: lower case, ASCII (IDNA 2008 over UTS 46).

    Raises NotAnAddress.
    """
    try:
        ascii_name = idna.encode(domain.strip().rstrip("."), uts46=True, std3_rules=True)
    except (idna.IDNAError, UnicodeError) as error:
        raise NotAnAddress(f"{domain!r} is not a domain") from error
    return ascii_name.decode("ascii").lower()


def email_key(email: str) -> str:
    """Return the one spelling of an e-mail address; equal keys are one person.

    Stripped, NFKC, lower case, the domain in IDNA's ASCII form. Dots and ``+tags`` stay: whether
    they matter is for the mailbox's owner to say, and merging two people is worse than keeping
    one twice. Raises NotAnAddress, also for more than EMAIL_CHARS_MAX characters.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", email).lower()).strip()
    local, at, domain = folded.rpartition("@")
    if not (local and at) or any(char.isspace() or not char.isprintable() for char in local):
        raise NotAnAddress("an e-mail address looks like ada@example.com")
    key = f"{local}@{domain_key(domain)}"
    if len(key) > EMAIL_CHARS_MAX:
        raise NotAnAddress(f"an e-mail address has at most {EMAIL_CHARS_MAX} characters")
    return key


def email_key_or_none(email: str) -> str | None:
    """Return ``email_key``, or None where the address is missing or beyond reading.

    For payments: money is never turned away because of how an address is written.
    """
    try:
        return email_key(email)
    except NotAnAddress:
        return None


def company_name_key(name: str) -> str:
    """Return the one spelling of a company's name: one line, case folded."""
    return plain(plain(name, chars_max=NAME_CHARS_MAX).casefold(), chars_max=NAME_CHARS_MAX)


def company_domain(*, email: str, website: str) -> str:
    """Return the domain that a company is known by, or "" where none is telling.

    A work address tells; a mailbox at a public provider does not, then the website's host does.
    """
    mail_domain = email_key(email).rpartition("@")[2]
    if mail_domain not in MAILBOX_DOMAINS:
        return mail_domain
    try:
        host = urlsplit(website).hostname or ""
        return domain_key(host.removeprefix("www.")) if host else ""
    except ValueError:  # no web address, or no domain in it
        return ""
