"""How letters leave the house, in our words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kernel.retries import CallFailed, Refused, Unknown


class MailError(CallFailed):
    """A letter did not leave for certain. ``code`` names the failure; it holds no address."""


class MailRefused(MailError, Refused):
    """Nobody took the letter. ``is_final``: the answer would be the same next time."""

    def __init__(self, code: str, *, is_final: bool) -> None:
        super().__init__(code)
        self.is_final = is_final


class MailUnknown(MailError, Unknown):
    """The letter had begun to leave when the answer went missing. It may have arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail, ready to leave; some are text alone."""

    to: tuple[str, ...]
    subject: str
    text: str
    html: str
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLetter:
    """A letter read back from a file."""

    subject: str
    text: str
    html: str


class Mailer(Protocol):
    """How letters leave the house.

    ``notices.adapters.mailer`` does it through Django's mail; ``tests/revenue/mail`` holds it to
    these promises against servers that misbehave.
    """

    def send(self, letter: Letter) -> None:
        """Hand ``letter`` over. Raises MailRefused or MailUnknown, and nothing else."""
        ...

    def read_back(self, *, message_id: str, sent_at: datetime) -> KeptLetter | None:
        """Return a letter kept as a file on this machine; None where none is kept."""
        ...
