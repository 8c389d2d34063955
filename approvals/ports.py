"""How a person proves, for one decision, who they are: what this app needs of the login."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.http import HttpRequest

from approvals.enums import Factor


class NotProved(Exception):
    """What was given proves nothing. The text says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was given with the decision, and what is kept of it.

    ``evidence`` is a passkey's answer (``approvals.signatures``); of a code or a password nothing
    is kept.
    """

    factor: Factor
    evidence: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What the page asks for; the strongest that the person has. ``hindrance`` says why none."""

    passkey_options: Mapping[str, Any] | None = None
    takes_code: bool = False
    takes_password: bool = False
    hindrance: str = ""


class Proofs(Protocol):
    """The login's part of a decision."""

    def ways(self, request: HttpRequest, *, challenge: bytes, needs_second_factor: bool) -> Ways:
        """Return the ways in which the person of ``request`` may prove this decision."""

    def prove(self, request: HttpRequest, *, challenge: bytes, needs_second_factor: bool) -> Proof:
        """Return the proof that the form of ``request`` gives, taken once.

        Raises NotProved, and RedisError where tries cannot be counted.
        """
