"""How much may be tried at the login, so that nobody is locked out by somebody else.

A wrong password counts for the address *and* the visitor together. What all visitors may try at
one address is a generous total; browsers in which the person logged in before count apart from it,
and a passkey's answer is nothing to guess. The same holds of links to choose a password. Counted
before the password is looked at, and given back when it is right: guesses sent at once are counted
all the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kernel.limits import allow, give_back


@dataclass(frozen=True, slots=True)
class Limit:
    """So many tries in so many seconds."""

    what: str
    tries: int
    per_s: int


PER_VISITOR: Final = Limit("login:visitor", 10, 60)  # at any address: sprayed passwords
PER_ADDRESS_AND_VISITOR: Final = (Limit("login:pair", 5, 300), Limit("login:pair-hour", 20, 3600))
PER_ADDRESS: Final = Limit("login:address", 100, 3600)  # ASVS: at most 100 an hour per account
PER_KNOWN_BROWSER: Final = (Limit("login:browser", 10, 300), Limit("login:browser-hour", 40, 3600))

# Codes of one person: together from all browsers that are unknown, else from each one apart.
CODES: Final = Limit("login:code", 5, 300)

# Each link ends the one before it, so that also the total is small.
LINKS_PER_VISITOR: Final = Limit("link:visitor", 20, 60)
LINKS_PER_ADDRESS_AND_VISITOR: Final = Limit("link:pair", 5, 900)
LINKS_PER_ADDRESS: Final = Limit("link:address", 10, 3600)
LINKS_PER_KNOWN_BROWSER: Final = Limit("link:browser", 5, 900)

Counter = tuple[Limit, str]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One password, code or address about to be looked at, counted already."""

    counted: Sequence[Counter]
    is_allowed: bool

    def give_back(self) -> None:
        """What was typed was right: it does not count."""
        for limit, who in self.counted:
            give_back(what=limit.what, who=who)


def attempt(*, address: str, visitor: str, browser: str | None) -> Attempt:
    """Count one password at ``address``; ``browser`` is the id of one where its person logged in.

    Raises RedisError, as all of these do.
    """
    return _counted(_counters(address=address, visitor=visitor, browser=browser))


def attempt_of_code(*, user_id: int, browser: str | None) -> Attempt:
    """Count one code of a second factor. Whoever has the password shuts no known browser out."""
    return _counted([(CODES, _digest(str(user_id), browser or ""))])


def attempt_of_link(*, address: str, visitor: str, browser: str | None) -> Attempt:
    """Count one request for a link to choose a password."""
    if browser is not None:
        return _counted([(LINKS_PER_KNOWN_BROWSER, _digest(address, browser))])
    return _counted(
        [
            (LINKS_PER_VISITOR, visitor),
            (LINKS_PER_ADDRESS_AND_VISITOR, _digest(address, visitor)),
            (LINKS_PER_ADDRESS, _digest(address)),
        ]
    )


def _counted(counters: Sequence[Counter]) -> Attempt:
    """Count in each, the narrowest first.

    What a limit refuses is not counted by the wider ones after it: one visitor cannot use up the
    total.
    """
    counted: list[Counter] = []
    for limit, who in counters:
        is_allowed = allow(
            what=limit.what, who=who, limit=limit.tries, per_s=limit.per_s, is_open_on_failure=False
        )
        counted.append((limit, who))
        if not is_allowed:
            return Attempt(counted, is_allowed=False)
    return Attempt(counted, is_allowed=True)


def forget(*, address: str, visitor: str) -> None:
    """Count anew for whoever has just proven to own the mailbox."""
    for limit, who in _counters(address=address, visitor=visitor, browser=None):
        if limit is not PER_VISITOR:
            give_back(what=limit.what, who=who, uses=None)


def _counters(*, address: str, visitor: str, browser: str | None) -> list[Counter]:
    if browser is not None:
        return [(limit, _digest(address, browser)) for limit in PER_KNOWN_BROWSER]
    pair = _digest(address, visitor)
    return [
        (PER_VISITOR, visitor),
        *((limit, pair) for limit in PER_ADDRESS_AND_VISITOR),
        (PER_ADDRESS, _digest(address)),
    ]


def _digest(*words: str) -> str:
    """Name a counter without the address that somebody typed."""
    return hashlib.sha256("\n".join(words).lower().encode()).hexdigest()[:32]
