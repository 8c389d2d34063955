"""What a state says to people: one table for each audience, in which no state is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Protocol, TypeVar

TONES: Final = ("ok", "wait", "bad", "info", "off")  # shape and colour of a badge; off is neutral

W = TypeVar("W")


class Labelled(Protocol):
    """A member of an enum of states."""

    @property
    def value(self) -> str:
        """Return the state as the database holds it."""

    @property
    def label(self) -> object:
        """Return the state's word for operators."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorWords:
    """What one state says to operators."""

    tone: str
    badge: str = ""  # the state's label, unless given
    heading: str = ""  # of the page about one such record; may hold {placeholders}
    note: str = ""  # what that means, and what happens next


def complete(states: Iterable[Labelled], words: Mapping[str, W]) -> Mapping[str, W]:
    """Return ``words`` for good. Raises ValueError unless each state has its own, and no other."""
    known = {state.value for state in states}
    if known != set(words):
        raise ValueError(f"no words, or words for no state: {sorted(known ^ set(words))}")
    return MappingProxyType({str(state): said for state, said in words.items()})


def for_operators(
    states: Iterable[Labelled], words: Mapping[str, OperatorWords]
) -> Mapping[str, OperatorWords]:
    """Return the operators' table of ``states``: each badge reads as the state's label.

    Raises ValueError like ``complete``.
    """
    states = list(states)
    labels = {state.value: str(state.label) for state in states}
    named = {
        state: said if said.badge else replace(said, badge=labels.get(state, ""))
        for state, said in words.items()
    }
    return complete(states, named)
