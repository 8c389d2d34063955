"""Kinds of requests: the app above that asks says who may decide, and what a decision sets off.

Registered from ``AppConfig.ready``. This app knows no tool, no cap and no sale.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from kernel.canonical import Canonical

Envelope = Mapping[str, Canonical]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Who decides one sort of request, and within which times.

    ``hold`` is the pause between the last decision and the first moment at which it may run;
    ``usable`` how long it may run after that. Where two are needed, one of them holds
    ``owner_permission``.
    """

    name: str
    permission: str
    people: int
    decide_within: timedelta
    hold: timedelta
    usable: timedelta
    owner_permission: str = "approvals.decide_spend"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One shown line: a label of ours and what the envelope says."""

    label: str
    value: str
    is_words: bool = False  # about or from a person: an erasure blanks it


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a presenter makes of an envelope: data, not HTML, in absolute times only."""

    title: str
    effect: Line
    lines: Sequence[Line]

    def values(self) -> dict[str, Canonical]:
        """Return what the shown digest is made over, by field."""
        return {
            "title": self.title,
            **{name: [line.label, line.value] for name, line in self._by_field().items()},
        }

    def words(self) -> frozenset[str]:
        """Return which of those fields an erasure blanks."""
        return frozenset(name for name, line in self._by_field().items() if line.is_words)

    def _by_field(self) -> dict[str, Line]:
        numbered = {f"line_{place:02}": line for place, line in enumerate(self.lines)}
        return {"effect": self.effect, **numbered}


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What stands beside it on the page: true when it was opened, and part of no digest.

    ``room`` says of each cap what is left before and after; ``notes`` what a person should know
    (new payee, likely double). The agent's own words come last, fenced.
    """

    asks: str = ""  # who asks: a run, by its code
    room: Sequence[tuple[str, str]] = ()
    notes: Sequence[str] = ()
    agent_words: str = ""


class CannotApprove(Exception):
    """What was asked cannot be had any more. The text says what is missing; nothing is recorded."""


class Kind(ABC):
    """One kind of request. All methods join the caller's transaction."""

    name: ClassVar[str]
    words: ClassVar[frozenset[str]] = frozenset()  # fields of the envelope that an erasure blanks
    listed_labels: ClassVar[Sequence[str]] = ()  # of the shown lines that lists show too
    takes_effect_at_once: ClassVar[bool] = False  # ``approved`` does all that was asked
    subject_url_name: ClassVar[str] = ""  # the page of what it is about, by its subject_ref
    subject_words: ClassVar[str] = ""  # what leads there
    refuse_words: ClassVar[str] = "Refuse"
    refused_words: ClassVar[str] = "Refused. Nothing was done."
    again_url_name: ClassVar[str] = ""  # where a person has it asked again, by its subject_ref

    @abstractmethod
    def rules(self) -> Sequence[Rule]:
        """Return all rules of this kind, as the settings have them now."""

    def rule(self, name: str) -> Rule:
        """Return the rule of that name. Raises KeyError for none."""
        return {rule.name: rule for rule in self.rules()}[name]

    @abstractmethod
    def presenter_versions(self) -> frozenset[str]:
        """Return the versions that ``present`` knows; the newest is ``presenter_version``."""

    @property
    @abstractmethod
    def presenter_version(self) -> str:
        """Return the version that new requests are shown by."""

    @property
    @abstractmethod
    def policy_versions(self) -> frozenset[str]:
        """Return the versions of the policy under which a request may still run."""

    def gone(self, named: Mapping[str, str]) -> str:  # noqa: ARG002  # for kinds that have parts
        """Return what else this version does not have of a request, "" where it has all.

        ``named``: its fields "operation" and "presenter" in canonical form, where it has them.
        """
        return ""

    @abstractmethod
    def present(self, envelope: Envelope, *, version: str) -> Shown:
        """Return what a person is shown of ``envelope``, made from nothing else."""

    @abstractmethod
    def lock(self, subject_ref: str) -> None:
        """Hold what ``approved`` will need, before the request itself is locked (docs/rules.md)."""

    def edit_address(self, subject_ref: str) -> str:  # noqa: ARG002  # for kinds that have one
        """Return where whoever may decide it edits it; "" where nobody does."""
        return ""

    @abstractmethod
    def require_approver(self, subject_ref: str, *, person_id: int, now: datetime) -> None:
        """Raise CannotApprove where this person, who has the role, may not approve this one."""

    @abstractmethod
    def approved(self, subject_ref: str, *, request_ref: str, now: datetime) -> None:
        """Take what the last decision grants (money is reserved here). Raises CannotApprove."""

    @abstractmethod
    def closed(self, subject_ref: str, *, outcome: str, why: str, now: datetime) -> None:
        """Give back what was taken; ``outcome`` is the request's final state.

        ``why`` says what closed it where no person did (``approvals.enums.Why``), else it is "".
        """


_kinds: Final[dict[str, Kind]] = {}


def register(kind: Kind) -> None:
    """Register ``kind``. Raises ValueError for a name that is taken by another."""
    if _kinds.setdefault(kind.name, kind) is not kind:
        raise ValueError(f"{kind.name} is registered already")


def kind_of(name: str) -> Kind:
    """Return the kind of that name. Raises KeyError for none."""
    return _kinds[name]


def find_kind(name: str) -> Kind | None:
    """Return the kind of that name; None where this version knows none."""
    return _kinds.get(name)


def find_rule(kind: str, rule: str) -> Rule | None:
    """Return who decides such a request; None where this version knows no such kind or rule."""
    known = _kinds.get(kind)
    return None if known is None else {each.name: each for each in known.rules()}.get(rule)


def kinds() -> Sequence[Kind]:
    """Return all kinds, in the order of their registration."""
    return tuple(_kinds.values())


def forget(name: str) -> None:
    """Forget a kind: for tests that register one of their own."""
    del _kinds[name]
