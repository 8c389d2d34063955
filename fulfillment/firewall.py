"""The content firewall: what an agent may be given to read, and what of it may leave the house.

Pure. ``clean`` makes a text harmless for the agent that reads it; ``check_outgoing`` says why a
text may not go to a buyer or anybody outside. Whoever asks records the codes with the references of
what the text came from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from kernel.given_text import Cleaned, Finding, clean

__all__ = ["Blocked", "Cleaned", "Finding", "check_outgoing", "clean"]


class Blocked(StrEnum):
    """Why a text may not leave. The words for people stand in ``WHY_BLOCKED``."""

    MARKUP = "markup"
    EMAIL = "email_address"
    TELEPHONE = "telephone_number"
    SECRET = "secret"  # noqa: S105  # a code's name
    CARD = "card_number"
    LINK = "unknown_link"
    RUN_CODE = "run_code"
    REFERENCE = "internal_reference"
    COMMAND = "command"


WHY_BLOCKED: Final[dict[Blocked, str]] = {
    Blocked.MARKUP: "It has hidden characters or markup meant for a model",
    Blocked.EMAIL: "It has an e-mail address",
    Blocked.TELEPHONE: "It has a telephone number",
    Blocked.SECRET: "It has what looks like a key or password",
    Blocked.CARD: "It has what looks like a card number",
    Blocked.LINK: "It links to an address that is in no source",
    Blocked.RUN_CODE: "It has the run's code",
    Blocked.REFERENCE: "It has a reference of our own records",
    Blocked.COMMAND: "It tells the reader to run something",
}


def check_outgoing(
    text: str, *, links: Collection[str] = (), run_code: str = ""
) -> tuple[Blocked, ...]:
    """Return why ``text`` may not go to a buyer or anybody outside; empty where it may.

    ``links`` are the addresses of the run's sources: no other may be in it. ``run_code`` is the
    code of the run that wrote it. It takes time in proportion to its length.
    """
    read = clean(text)
    checks: dict[Blocked, Callable[[str], object]] = {
        **{code: pattern.search for code, pattern in _PATTERNS.items()},
        Blocked.CARD: _has_card,
        Blocked.LINK: lambda said: _has_unknown_link(said, links),
        Blocked.RUN_CODE: lambda said: bool(run_code) and _names(said, run_code),
        Blocked.MARKUP: lambda _: read.codes,
    }
    return tuple(code for code in Blocked if checks[code](read.text))


_PATTERNS: Final = {
    Blocked.EMAIL: re.compile(
        r"(?i)[\w+%-]\s?(?:@|\(at\)|\[at\])\s?[\w-]{1,63}\s?(?:\.|\(dot\)|\[dot\])\s?[a-z]{2}|mailto:"
    ),
    # Abroad, at home with a leading zero, and in groups of three, three and four. A figure with
    # commas, a date and a span of years are none of these.
    Blocked.TELEPHONE: re.compile(
        r"(?i)(?<![\w.,/-])(?:"
        r"(?:\+|00)[1-9]\d{0,2}(?:[ .()/-]{1,3}\d{1,8}){2,6}|\+[1-9]\d{7,14}"
        r"|\(?0\d{1,4}\)?[ /-]{1,2}\d{3,4}[ -]?\d{3,5}"
        r"|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}"
        r")(?![\w,])|\btel:"
    ),
    Blocked.SECRET: re.compile(
        r"\b(?:[sr]k_(?:live|test|sandbox)_|whsec_|nvapi-|gh[opsu]_|github_pat_|glpat-|hf_|xox[abprs]-"
        r"|sk-)[\w-]{8}|\bA(?:KIA|SIA)[0-9A-Z]{16}\b|\bAIza[\w-]{30}|\beyJ[\w-]{8,}\.[\w-]{8}"
        r"|-----BEGIN [A-Z ]{0,40}PRIVATE KEY|(?i:\bbearer\s+[\w.~+/-]{16}"
        r"|\b(?:password|passphrase|api[ _-]?key|secret|token)\s?[:=]\s?\S{6})"
    ),
    Blocked.REFERENCE: re.compile(r"\b[a-z]{3,4}_[0-9a-hjkmnp-tv-z]{26}\b"),
    Blocked.COMMAND: re.compile(
        r"(?i)\b(?:curl|wget)\s+(?:-\S+\s+)*\S*://|\|\s*(?:ba|z)?sh\b|\bsudo\s+\w|\brm\s+-[rf]"
        r"|\bpowershell(?:\.exe)?\b|\bcmd(?:\.exe)?\s+/c\b|\b(?:javascript|vbscript|data):\S"
        r"|\b(?:win(?:dows)?(?: key)?|⊞)\s?\+\s?r\b|<\s?(?:script|iframe|img|object|embed)\b"
        r"|\b(?:pip3?|npm|brew|apt(?:-get)?)\s+install\b"
        r"|\bpaste\b[^.\n]{0,60}\b(?:terminal|console|command prompt|address bar)\b"
    ),
}


# --- Cards, links and the run's code --------------------------------------------------------------

_DIGITS: Final = re.compile(r"(?<![\d.,])\d(?:[ -]?\d){12,18}(?![\d,])")
_LINK: Final = re.compile(r"(?i)\b(?:[a-z][a-z0-9+.-]{1,15}://|www\.)[^\s<>\"'|]+")
_AFTER_A_LINK: Final = ".,;:!?)]}’”"


def _has_card(text: str) -> bool:
    return any(_is_card(found[0]) for found in _DIGITS.finditer(text))


def _is_card(written: str) -> bool:
    """Say whether the last digit checks the others (ISO/IEC 7812-1, annex B)."""
    digits = [int(char) for char in reversed(written) if char.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return digits != [0] * len(digits) and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _has_unknown_link(text: str, links: Collection[str]) -> bool:
    known = {_plain(link) for link in links}
    return any(link not in known for link in _links(text))


def _links(text: str) -> Iterator[str]:
    for found in _LINK.finditer(text):
        yield _plain(found[0].rstrip(_AFTER_A_LINK))


def _plain(link: str) -> str:
    """Return an address in the one spelling that is compared: it is the same page or it is not."""
    try:
        parts = urlsplit(link if "://" in link else f"https://{link}")
    except ValueError:
        return link
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}{query}"


def _names(text: str, run_code: str) -> bool:
    return re.search(rf"(?i)\b{re.escape(run_code)}\b", text) is not None
