"""The kinds of mails to the team, each registered by the app whose words they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from notices.enums import Lane
from notices.ports import Letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """A mail whose turn has come: to whom, about what, and what its letter is called."""

    kind: str
    user_id: int
    facts: Mapping[str, Any]
    reference: str
    now: datetime


def _nobody(_address: str) -> int | None:
    """Return nobody: mails of most kinds are queued for a person of the team."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailKind:
    """One kind: a lasting ``id``, and what people call such a mail (``words``).

    ``write`` returns the letter in the moment in which it leaves, None where it is no longer true.
    A link that it carries is made then and kept nowhere. ``facts`` are the names of what it may be
    told when it is queued: references, times and what has to be forgotten once it has left; never
    a secret. After ``worth_sending`` it is not sent any more. Whoever has no need of it may turn
    off what ``can_be_muted`` (``notices.operations.tell`` heeds that).
    """

    id: str
    words: str
    lane: Lane
    worth_sending: timedelta
    write: Callable[[Leaving], Letter | None]
    facts: frozenset[str] = frozenset()
    reader: Callable[[str], int | None] = _nobody  # whose a typed address is, asked when it leaves
    can_be_muted: bool = False


_known: Final[dict[str, MailKind]] = {}


def register(*kinds: MailKind) -> None:
    """Say which mails there are. Called at start-up. Raises ValueError for one id in two ways."""
    for kind in kinds:
        if _known.setdefault(kind.id, kind) != kind:
            raise ValueError(f"mails of the kind {kind.id} are registered in two ways")


def known() -> Mapping[str, MailKind]:
    """Return what was registered, by id."""
    return dict(_known)


def kind_of(id: str) -> MailKind:
    """Return one kind. Raises KeyError for what nobody registered."""
    return _known[id]
