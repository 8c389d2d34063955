"""What an app says of an operation that an agent may ask for, and what the router gives it.

An app lists its operations in ``<app>/tools.py``; the setting ``TOOLS`` names the lists.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Final, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError, core_schema

from kernel.canonical import Canonical
from kernel.money import Money
from kernel.retries import Unknown
from kernel.shown_text import fault_of
from toolrouter.vocabulary import Code, Risk, Status

__all__ = [
    "Answered",
    "AnyApproved",
    "AnyByHand",
    "AnyEffect",
    "AnyLater",
    "AnyOperation",
    "Approved",
    "Arguments",
    "ByHand",
    "Call",
    "Code",
    "Effect",
    "Entry",
    "Later",
    "Made",
    "NotConfigured",
    "NotPossible",
    "Operation",
    "OtherMode",
    "Plan",
    "Presented",
    "Progress",
    "ProviderRecord",
    "Refusal",
    "Repeats",
    "Risk",
    "Shown",
    "Standing",
    "Status",
    "TooMany",
    "reference_to",
]

SHOWN_TEXT: Final = "shown_text"  # the type of the error of a text that cannot be shown
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,29}(\.[a-z][a-z0-9_]{0,29})?")


class Arguments(BaseModel):
    """The arguments of an operation: each of its own type, none converted, none too many."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What an annotated text must be: one that a person can be shown (``kernel.shown_text``)."""

    chars_max: int
    is_one_line: bool = True

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Return the schema of the text, checked."""
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return what is advertised."""
        return {**handler(schema), "minLength": 1, "maxLength": self.chars_max}

    def _checked(self, text: str) -> str:
        if fault := fault_of(text, chars_max=self.chars_max, is_one_line=self.is_one_line):
            raise PydanticCustomError(SHOWN_TEXT, "{fault}", {"fault": str(fault)})
        return text


def reference_to(prefix: str) -> FieldInfo:
    """Return what an annotated text must be: a reference to one of our records."""
    said: FieldInfo = Field(pattern=rf"^{prefix}_[0-9a-hjkmnp-tv-z]{{26}}$")
    return said


class Standing(StrEnum):
    """How the record that a call names stands to the call's project."""

    BELONGS = "belongs"
    ELSEWHERE = "elsewhere"  # or nowhere; whoever asks is not told which
    GONE = "gone"  # its person was erased


class Repeats(StrEnum):
    """What it means when a run asks for the same again under another key."""

    FREELY = "freely"
    SAME_WORDS_ONCE = "same_words_once"  # the same arguments are the same call
    SAME_SUBJECT_ONCE = "same_subject_once"  # while one about that record is open, unknown or done


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The call that an operation is run for."""

    reference: str
    run_ref: str
    project_ref: str
    mode: str
    trace_ref: str
    now: datetime
    replaces: str = ""  # the request whose place it takes, where a person edited that one


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came of it: data for the agent, and the records that it speaks of."""

    result: Mapping[str, Any]
    refs: Sequence[str] = ()


class NotPossible(Exception):
    """The owning app says no: what it is asked of stands otherwise. Nothing was done."""

    code: ClassVar[Code] = Code.NOT_POSSIBLE


class NotConfigured(NotPossible):
    """Likewise: nobody said yet whom to ask."""

    code = Code.NOT_CONFIGURED


class TooMany(NotPossible):
    """Likewise: the run has had as much of it as it may have."""

    code = Code.TOO_MANY


class OtherMode(Unknown):
    """The provider answered from another world than ours: something may have been made there."""


A = TypeVar("A", bound=Arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What exactly would run, derived from the arguments and the owner's own records.

    ``payload`` is what the provider would be sent, ``shown`` what else the presenter needs: all of
    it is part of what is approved. ``account`` says whose account at the provider that is. What
    stands around it (headroom, notes, the agent's own words) is not.
    """

    account: str
    payload: Mapping[str, Canonical]
    payee: str
    amount: Money | None = None
    shown: Mapping[str, Canonical] = field(default_factory=dict)
    room: Sequence[tuple[str, str]] = ()
    notes: Sequence[str] = ()
    agent_words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """What a person is shown of an effect: one sentence, and lines of label and value.

    ``words``: the labels of those lines that an erasure blanks, "" for the sentence.
    """

    sentence: str
    lines: Sequence[tuple[str, str]]
    words: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What the provider made, by its own name, and what the owner needs to write it down."""

    provider_ref: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRecord:
    """What the provider's own record says afterwards. ``key`` is the call that it names."""

    provider_ref: str
    amount: Money | None
    is_live: bool
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a worker has come: in progress, done or failed, and what an agent is told of it."""

    status: Status
    result: Mapping[str, Any] = field(default_factory=dict)


class Later(ABC, Generic[A]):
    """It needs no person and takes time: the call hands it over, and a worker does it."""

    @abstractmethod
    def hand_over(self, asked: A, call: Call) -> Answered:
        """Write what a worker works from, in the router's transaction. Raises NotPossible.

        ``refs`` name it; the result is empty.
        """

    @abstractmethod
    def progress(self, refs: Sequence[str]) -> Progress:
        """Return how far that has come. Reads only."""


class Approved(ABC, Generic[A]):
    """What an operation does outside of the house, once, after a person's yes."""

    provider: ClassVar[str]
    presenter_version: ClassVar[str] = "1"

    @abstractmethod
    def plan(self, asked: A, call: Call) -> Plan:
        """Derive what would run, the same as long as nothing changed. Raises NotPossible."""

    @abstractmethod
    def present(self, envelope: Mapping[str, Canonical]) -> Presented:
        """Return what people are shown. Pure: made of ``envelope`` alone."""


class ByHand(Approved[A]):
    """It is done by a person: the claim hands it over, and no provider is asked."""

    @abstractmethod
    def hand_over(self, asked: A, call: Call) -> Answered:
        """Write what a person works from, in the claim's transaction. Raises NotPossible."""

    @abstractmethod
    def result_now(self, call_ref: str) -> Mapping[str, Any]:
        """Return what an agent is told of it now. Reads only."""


class Effect(Approved[A]):
    """It is done at a provider.

    ``plan``, ``book``, ``record`` and ``close`` join the router's transaction; ``prepare``,
    ``make``, ``find`` and ``read`` ask the provider and run in none. They raise
    ``kernel.retries.CallFailed``: ``Refused`` from ``make`` is proof that nothing was made.
    """

    @abstractmethod
    def prepare(self, asked: A, call: Call) -> None:
        """Make at the provider what the effect needs and what has none. Raises NotPossible."""

    @abstractmethod
    def book(self, asked: A, call: Call) -> None:
        """Write our own row of it, with the call's reference as its key. Raises NotPossible."""

    def book_found(self, asked: A, call: Call) -> None:
        """Write our row of what was made, where a restore took that row away. Raises NotPossible.

        Joins the router's transaction.
        """
        self.book(asked, call)

    @abstractmethod
    def make(self, call_ref: str) -> Made:
        """Ask the provider, once."""

    @abstractmethod
    def record(self, call_ref: str, made: Made, *, now: datetime) -> Answered:
        """Write down what was made, by whoever heard of it."""

    @abstractmethod
    def close(self, call_ref: str, *, code: str) -> None:
        """Write down that nothing was made."""

    def still_works(self, call_refs: Sequence[str]) -> Set[str]:  # noqa: ARG002  # the effect's
        """Return those of the calls whose effect somebody can still use: none, where it is over.

        Asks our own records. A person switches it off after a stop.
        """
        return frozenset()

    @abstractmethod
    def find(self, call_ref: str) -> Made | None:
        """Look through all that the provider has; None only after the last page was read."""

    @abstractmethod
    def read(self, provider_ref: str) -> ProviderRecord:
        """Read the provider's own record of what was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[A]):
    """One thing that an agent may ask for.

    It runs in the router's transaction, within seconds, by ``execute``; where it takes longer, it
    is handed over to a worker (``later``); and where a person must say yes, it is done after that,
    as ``effect``. ``subject`` names the record that it is about, which the run must know of;
    ``standing`` asks the owning app of that record, holding it where something is written.
    ``tool``: the name of a tool of its own, of an operation that only reads. What is told to
    agents is ``says``. Without ``subject`` it is about no record of ours.
    """

    name: str
    title: str  # what people call it
    risk: Risk
    says: str
    arguments: type[A]
    subject: Callable[[A], str] | None = None
    standing: Callable[[str, str], Standing] | None = None  # of project and record
    payee: Callable[[A], str] | None = None  # whom it pays, where that tells two calls apart
    execute: Callable[[A, Call], Answered] | None = None
    later: Later[A] | None = None
    effect: Approved[A] | None = None
    repeats: Repeats = Repeats.FREELY
    tool: str = ""
    # Of what costs money: which caps hold it (``enums.Family``), and what it can cost at most.
    family: str = ""
    ceiling: Callable[[A], Money] | None = None
    editable: Set[str] = frozenset()  # the arguments that whoever may decide it may change

    @property
    def stored_name(self) -> str:
        """Return what it is called on a row and in the ledger."""
        return self.name

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or (self.tool and self.risk != Risk.READ):
            raise ValueError(f"{self.name!r}: not an operation")
        at_once = self.risk in (Risk.READ, Risk.DRAFT, Risk.INTERNAL_WRITE)
        is_one = (self.execute is None) != (self.later is None)
        if at_once != is_one or self.risk.needs_person != (self.effect is not None):
            raise ValueError(f"{self.name}: what needs a person, and nothing else, is an effect")
        if not self.risk.costs_money == bool(self.family) == (self.ceiling is not None):
            raise ValueError(f"{self.name}: what costs money, and nothing else, has a ceiling")
        if (self.subject is None) != (self.standing is None):
            raise ValueError(f"{self.name}: a record is named and asked about, or there is none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An operation that is known only to be refused, with the reason. Its arguments are not read.

    A name that ends in ``.*`` stands for all that begin so.
    """

    name: str
    title: str  # what people call it
    risk: Risk
    says: str  # the reason, to agents and people

    @property
    def stored_name(self) -> str:
        """Return what it is called on a row and in the ledger."""
        return self.name.removesuffix(".*")

    def covers(self, name: str) -> bool:
        """Say whether it is meant by ``name``."""
        if self.name.endswith(".*"):
            return name.startswith(self.name[:-1])
        return name == self.name


AnyOperation: TypeAlias = Operation[Any]  # each has arguments of its own
AnyApproved: TypeAlias = Approved[Any]  # likewise
AnyLater: TypeAlias = Later[Any]
AnyByHand: TypeAlias = ByHand[Any]
AnyEffect: TypeAlias = Effect[Any]
Entry: TypeAlias = AnyOperation | Refusal
