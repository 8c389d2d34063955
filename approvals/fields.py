"""What is approved, field by field, each under a salt of its own.

A digest over everything is a hash over the list of the fields' hashes. So a proof can show some
fields and hold others back, and words about a person can be blanked with their salt, while what was
approved still compares (the shape of selective disclosure in RFC 9901, over ``kernel.canonical``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from approvals.enums import FIELDS_VERSION
from kernel import canonical
from kernel.append_only import new_salt
from kernel.canonical import Canonical


@dataclass(frozen=True, kw_only=True)
class SaltedField:
    """One named value, and the salt that keeps its hash from being guessed."""

    name: str
    value: Canonical
    salt: str

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 (hex) of salt, name and value in canonical form."""
        return canonical.digest([self.salt, self.name, self.value])


def salted(values: Mapping[str, Canonical]) -> list[SaltedField]:
    """Return ``values`` by name, each with a new salt. Raises NotCanonical."""
    return [
        SaltedField(name=name, value=value, salt=new_salt())
        for name, value in sorted(values.items())
    ]


def digest_of(digests: Iterable[str]) -> str:
    """Return the SHA-256 (hex) over the sorted digests of all fields, and the rules' version."""
    lines = "\n".join([FIELDS_VERSION, *sorted(digests)])
    return hashlib.sha256(lines.encode()).hexdigest()
