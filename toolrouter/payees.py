"""Whom a purchase is paid to: a domain as machines spell it, or a name that was typed. Pure.

Nobody can mistake one for the other: what reads like a domain and is none is neither.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from kernel.shown_text import is_domain

TYPED: Final = "typed name"  # what stands for the payee where a name was typed
# A dot between two characters, a sign of an address or a path: in one word, somebody's address.
_LIKE_AN_ADDRESS: Final = re.compile(r"\S*(\S\.\S|[@/\\:])\S*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """One of the two, the other is empty."""

    domain: str = ""
    name: str = ""

    @property
    def machine_name(self) -> str:
        """Return what it is called in ASCII; a typed name has no such name."""
        return self.domain or TYPED

    @property
    def words(self) -> str:
        """Return what people read; a typed name is said to be one."""
        return self.domain or f"{self.name} (a name, not a domain)"


def read_payee(vendor: str) -> Payee:
    """Return whom ``vendor`` means. Raises ValueError for what only looks like a domain."""
    if is_domain(vendor):
        return Payee(domain=vendor)
    if any(_LIKE_AN_ADDRESS.fullmatch(word) for word in vendor.split()):
        raise ValueError("neither a domain in lower case and ASCII nor a name")
    return Payee(name=vendor)
