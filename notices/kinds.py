"""The kinds of alerts: each app says what its own are about, and who hears of them.

An app registers them from ``AppConfig.ready``. Alerts of all kinds are raised, mailed, listed,
tended and closed alike; a kind that has more to say does so in a class of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django.db.models import Q
from django.urls import NoReverseMatch, reverse

from kernel.modes import Mode

NAME_CHARS_MAX: Final = 24
TEND: Final = "notices.tend_alert"  # who has it may dismiss, snooze, assign and be assigned


class Severity(StrEnum):
    """How much hangs on it. Where an hour has room for a few mails only, the gravest go first."""

    HIGH = "high"  # money, or a deadline
    NORMAL = "normal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What one alert is about, for whoever registered its kind."""

    kind: str
    item: str
    subject: str
    facts: Mapping[str, Any]
    mode: Mode


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of alert."""

    name: str  # as rows keep it
    words: str  # what operators read
    line: str  # the template of its line in a mail, without ".txt": a title, then what to do
    page: str = ""  # URL name of the page about its subject, whose address carries it
    severity: Severity = Severity.NORMAL
    told_to: str = TEND  # a permission: who has it is mailed
    named_by: str = ""  # the fact that says what people call a subject which is no reference
    has_own_list: bool = False  # what it is about waits in a list of its own until it is done

    def address_of(self, matter: Matter) -> str:
        """Return the page about ``matter``; the dashboard where none fits: the mail must leave."""
        try:
            return reverse(self.page, args=[matter.subject])
        except NoReverseMatch:
            return reverse("dashboard")

    def said_of(self, _matter: Matter) -> Mapping[str, Any]:
        """Return what the mail's line may say besides the alert's own columns and facts."""
        return {}

    def details_of(self, _matter: Matter) -> Sequence[tuple[str, str]]:
        """Return what its page says besides: pairs of a name and a value."""
        return ()

    def why_kept(self, _matter: Matter) -> str:
        """Say in a sentence why nobody can dismiss it now; "" when anybody in charge can."""
        if self.has_own_list:
            return "It goes away by itself when what it is about is dealt with."
        return ""

    def waits_elsewhere(self) -> Q | None:
        """Return which alerts are of matters that wait in another list for now; None: of none.

        The condition may look at ``OuterRef("item")`` and ``OuterRef("subject")``.
        """
        return None


class UnknownKind(LookupError):
    """No app has registered this kind of alert."""


_known: Final[dict[str, Kind]] = {}


def register(*kinds: Kind) -> None:
    """Say which alerts there are, at start-up. Raises ValueError for one name in two ways."""
    for kind in kinds:
        if len(kind.name) > NAME_CHARS_MAX:
            raise ValueError(f"the name of alert {kind.name} is longer than {NAME_CHARS_MAX}")
        if _known.setdefault(kind.name, kind) != kind:
            raise ValueError(f"alert {kind.name} is registered in two ways")


def known() -> Mapping[str, Kind]:
    """Return what was registered, by name."""
    return dict(_known)


def choices() -> list[tuple[str, str]]:
    """Return the names and words of what was registered."""
    return [(kind.name, kind.words) for kind in _known.values()]


def registered(name: str) -> Kind:
    """Return the kind of this name. Raises UnknownKind."""
    try:
        return _known[name]
    except KeyError as error:
        raise UnknownKind(name) from error


def kind_of(name: str) -> Kind:
    """Return the kind of an alert that stands; one without page of a version that is gone."""
    return _known.get(name) or Kind(name=name, words=name.replace("_", " "), line="")
