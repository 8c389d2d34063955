"""What an app says of an operation that an agent may ask for, and what the router gives it.

An app lists its operations in ``<app>/tools.py``; the setting ``TOOLS`` names the lists.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError, core_schema

from kernel.shown_text import fault_of
from toolrouter.vocabulary import Code, Risk

__all__ = [
    "Answered",
    "AnyOperation",
    "Arguments",
    "Call",
    "Code",
    "Entry",
    "NotPossible",
    "Operation",
    "Refusal",
    "Repeats",
    "Risk",
    "Shown",
    "Standing",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The call that an operation is run for."""

    reference: str
    run_ref: str
    project_ref: str
    mode: str
    trace_ref: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came of it: data for the agent, and the records that it speaks of."""

    result: Mapping[str, Any]
    refs: Sequence[str] = ()


class NotPossible(Exception):
    """The owning app says no: what it is asked of stands otherwise. Nothing was done."""


A = TypeVar("A", bound=Arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[A]):
    """One thing that an agent may ask for. It runs in the router's transaction, within seconds.

    ``subject`` names the record that it is about, which the run must know of; ``standing`` asks
    the owning app of that record, holding it where something is written. ``tool``: the name of a
    tool of its own, of an operation that only reads. What is told to agents is ``says``.
    """

    name: str
    title: str  # what people call it
    risk: Risk
    says: str
    arguments: type[A]
    execute: Callable[[A, Call], Answered]
    subject: Callable[[A], str]
    standing: Callable[[str, str], Standing]  # of project and record
    repeats: Repeats = Repeats.FREELY
    tool: str = ""

    @property
    def stored_name(self) -> str:
        """Return what it is called on a row and in the ledger."""
        return self.name

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or (self.tool and self.risk != Risk.READ):
            raise ValueError(f"{self.name!r}: not an operation")
        if self.risk not in (Risk.READ, Risk.DRAFT, Risk.INTERNAL_WRITE):
            raise ValueError(f"{self.name}: what needs a person is not run at once")


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
Entry: TypeAlias = AnyOperation | Refusal
