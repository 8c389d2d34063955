"""Secrets that protect nothing: empty, short, simple, an example's, or not what they seem.

Pure, no Django: ``trinity.guards`` asks this for live deployments; ``doctor`` asks it for the
others too. A sentence says which secret and what to do, never what it is.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from urllib.parse import unquote, urlsplit

DISTINCT_MIN: Final = 6  # two hexadecimal digits in three of a random secret are new ones
QUOTES: Final = "\"'`\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"
# What stands in examples, in ours (.env.example, README) and in everybody's.
PLACEHOLDER: Final = re.compile(
    r"\.\.\.|\N{HORIZONTAL ELLIPSIS}|<[^>]*>|\$\{|change.?me|change.?this|example|placeholder"
    r"|insecure|password|replace.?me|your[-_]|x{6,}|\*{3,}",
    re.IGNORECASE,
)
# Stripe publishes this one in its documentation.
KNOWN: Final = re.compile(r"4eC39HqLyjWDarjtT1zdp7dc|TYooMQauvdEDq54NiTphI7jx")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a secret of one kind looks like, and how to get a good one."""

    chars_min: int
    remedy: str
    prefix: str = ""  # of its shape, a pattern; what follows is what must be long and random
    distinct_min: int = DISTINCT_MIN
    is_ours: bool = True  # else somebody else chose it, who may use spaces and any letter


RANDOM: Final = "make a new one: openssl rand -hex 32"
SIGNING_KEY: Final = Kind(50, "make a new one: openssl rand -base64 48", distinct_min=10)
STRIPE_KEY: Final = Kind(20, "copy it anew from Stripe's dashboard", r"[a-z]{2,4}_(org_)?[a-z]+_")
WEBHOOK_SECRET: Final = Kind(24, "copy it anew from the endpoint's page at Stripe", r"whsec_")
STORE_PASSWORD: Final = Kind(16, RANDOM)
MAIL_PASSWORD: Final = Kind(8, "copy it anew from your mail provider, encoded", is_ours=False)

IN_LISTS: Final = {
    "SECRET_KEY_FALLBACKS": Kind(
        50, "remove it, and replace what it signed or encrypted", distinct_min=10
    ),
    "STRIPE_WEBHOOK_SECRETS": WEBHOOK_SECRET,
}
BY_THEMSELVES: Final = {
    "SECRET_KEY": SIGNING_KEY,
    "STRIPE_SECRET_KEY": STRIPE_KEY,
    "POSTGRES_PASSWORD": STORE_PASSWORD,
    "TRINITY_DB_PASSWORD": STORE_PASSWORD,
    "REDIS_PASSWORD": STORE_PASSWORD,
}
IN_ADDRESSES: Final = {
    "DATABASE_URL": STORE_PASSWORD,
    "MIGRATION_DATABASE_URL": STORE_PASSWORD,
    "REDIS_URL": STORE_PASSWORD,
    "EMAIL_URL": MAIL_PASSWORD,
}


def weak_secrets(env: Mapping[str, str]) -> list[str]:
    """Return a sentence for each secret that ``env`` names and that is none."""
    return [
        f"{name} {why}; {kind.remedy}."
        for name, secret, kind in _secrets(env)
        if (why := flaw(secret, kind))
    ]


def flaw(secret: str, kind: Kind) -> str:
    """Return what is wrong with ``secret``, as the rest of a sentence; "" if nothing is."""
    if not secret.strip():
        return "is empty"
    if secret[0] in QUOTES or secret[-1] in QUOTES:
        return "stands in quotes, which became part of it"
    if not secret.isprintable() or secret != secret.strip():
        return "holds a character that nobody sees, or a space at an end"
    if PLACEHOLDER.search(secret) or KNOWN.search(secret):
        return "is an example's, which everybody knows"
    if kind.is_ours and (not secret.isascii() or " " in secret):
        return "holds a space, or a letter that is no ASCII"
    shape = re.match(kind.prefix, secret)
    if shape is None:
        return "does not look like one"
    return _guessable(secret[shape.end() :], kind)


def _guessable(secret: str, kind: Kind) -> str:
    if len(secret) < kind.chars_min:
        return f"is shorter than {kind.chars_min} characters"
    if len(set(secret)) < kind.distinct_min:
        return f"has fewer than {kind.distinct_min} different characters"
    if _period(secret) <= len(secret) // 2:
        return "repeats itself"
    steps = [ord(after) - ord(before) for before, after in pairwise(secret)]
    if sum(step in (-1, 0, 1) for step in steps) > len(steps) // 2:
        return "counts through an alphabet"
    return ""


def _period(text: str) -> int:
    """Return after how many characters ``text`` begins again, its length if it does not."""
    return next((n for n in range(1, len(text)) if text.startswith(text[n:])), len(text))


def _secrets(env: Mapping[str, str]) -> Iterator[tuple[str, str, Kind]]:
    """Yield each secret with a name that says which; what is not set is no secret."""
    for name, kind in BY_THEMSELVES.items():
        if env.get(name):
            yield name, env[name], kind
    for name, kind in IN_LISTS.items():
        parts = env[name].split(",") if env.get(name) else []
        for number, part in enumerate(parts, start=1):
            yield (name if len(parts) == 1 else f"Part {number} of {name}"), part, kind
    for name, kind in IN_ADDRESSES.items():
        for password in _passwords(env.get(name, "")):
            yield f"The password in {name}", password, kind


def _passwords(address: str) -> list[str]:
    """Return the password of an address, [""] where it is left empty, and [] where none is."""
    try:
        parts = urlsplit(address)
        in_place = parts.password
    except ValueError:
        return []
    in_query = re.findall(r"(?:^|&)password=([^&]*)", parts.query)
    return [unquote(each) for each in ([] if in_place is None else [in_place]) + in_query]
