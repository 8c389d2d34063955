"""Who is who: the pure rules by which two spellings are one person or one company.

Nothing here looks anything up.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import idna

from kernel.texts import JOINERS, one_line

HOME_PROJECT: Final = "Trinity Growth"  # where public requests and direct purchases land

EMAIL_CHARS_MAX, NAME_CHARS_MAX, COMPANY_CHARS_MAX, TITLE_CHARS_MAX = 254, 200, 150, 200

# Whose mailboxes and pages everybody may have says nothing about where somebody works. The list
# cannot be complete: a mail domain alone therefore never tells (see CompanyIdentity).
SHARED_BRANDS: Final = frozenset(  # in any country: yahoo.de, yahoo.co.uk
    """
    aol arcor bigpond bluewin btinternet comcast facebook fastmail freenet gmail gmx googlemail
    hotmail icloud inbox instagram laposte libero linkedin linktr live mailbox mailinator msn
    outlook posteo proton protonmail rambler rediffmail rocketmail seznam t-online tiscali tuta
    tutanota tutamail virgilio wanadoo yahoo yandex ymail zoho
    """.split()  # noqa: SIM905  # one word beside the other is read at a glance
)
SHARED_DOMAINS: Final = frozenset(
    """
    163.com 126.com a1.net abv.bg aim.com aon.at att.net bellsouth.net bk.ru blueyonder.co.uk
    bol.com.br centrum.cz charter.net chello.at cox.net daum.net duck.com earthlink.net
    foxmail.com free.fr hanmail.net hey.com home.nl hush.com hushmail.com interia.pl kabelmail.de
    kpnmail.nl list.ru mac.com mail.com mail.de mail.ru me.com naver.com neuf.fr ntlworld.com
    o2.pl onet.pl optonline.net optusnet.com.au orange.fr passport.com planet.nl pm.me qq.com
    rogers.com sapo.pt sbcglobal.net sfr.fr shaw.ca sina.com sky.com skynet.be sunrise.ch
    sympatico.ca talktalk.net telenet.be telia.com telus.net terra.com.br ukr.net uol.com.br
    upcmail.nl verizon.net virgin.net virginmedia.com vodafone.de web.de windowslive.com wp.pl
    x.com xtra.co.nz yeah.net ziggo.nl sites.google.com
    """.split()  # noqa: SIM905  # one word beside the other is read at a glance
)


class NotAnAddress(ValueError):
    """The text cannot be an e-mail address or a web domain."""


def plain(text: str, *, chars_max: int) -> str:
    """Return ``text`` on one line: NFKC, nothing that cannot be seen, single spaces, cut."""
    begun = " ".join(text.split())[: chars_max * 4]  # longer than any that will be kept
    return one_line(unicodedata.normalize("NFKC", one_line(begun)))[:chars_max].rstrip()


def domain_key(domain: str) -> str:
    """Return the one spelling of a web domain: lower case, ASCII (IDNA 2008 over UTS 46).

    Raises NotAnAddress.
    """
    if len(domain) > EMAIL_CHARS_MAX * 4:  # reading it would take long, and lead to nothing
        raise NotAnAddress("a domain has at most 253 characters")
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
    if len(email) > EMAIL_CHARS_MAX * 4:
        raise NotAnAddress(f"an e-mail address has at most {EMAIL_CHARS_MAX} characters")
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


def domain_key_or_none(domain: str) -> str | None:
    """Return ``domain_key``, or None for what is no web domain with a dot in it."""
    try:
        return domain_key(domain) if "." in domain else None
    except NotAnAddress:
        return None


def company_name_key(name: str) -> str:
    """Return the one spelling of a company's name: one line, case folded, without joiners."""
    known_as = JOINERS.sub("", plain(name, chars_max=NAME_CHARS_MAX))
    return plain(known_as.casefold(), chars_max=NAME_CHARS_MAX)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyIdentity:
    """What a company is known by: a domain, or "" and then its name alone.

    With ``is_by_name_too`` only a company of that domain *and* that name is the one meant: two
    strangers at one mail provider that no list has are still two companies.
    """

    domain: str
    is_by_name_too: bool


def company_identity(*, email: str, website: str) -> CompanyIdentity:
    """Return what tells which company somebody means.

    The website that they typed tells; without one the domain of their mail does, together with
    the name. Where everybody may have a mailbox or a page, neither does.
    """
    site = _site_domain(website)
    if site and not _is_shared(site):
        return CompanyIdentity(domain=site, is_by_name_too=False)
    mail = email_key(email).rpartition("@")[2]
    return CompanyIdentity(domain="" if _is_shared(mail) else mail, is_by_name_too=True)


def _is_shared(domain: str) -> bool:
    return domain in SHARED_DOMAINS or domain.partition(".")[0] in SHARED_BRANDS


def _site_domain(website: str) -> str:
    try:
        host = urlsplit(website).hostname or ""
        return domain_key(host.removeprefix("www.")) if host else ""
    except ValueError:  # no web address, or no domain in it
        return ""
