"""Which operations there are, and how what an agent sent is read: refused, never repaired."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from django.conf import settings
from django.utils.module_loading import import_string
from pydantic import ValidationError

from toolrouter.policy import GRANTED
from toolrouter.ports import SHOWN_TEXT, AnyOperation, Arguments, Entry, Operation, Refusal
from toolrouter.vocabulary import Code, RunKind

UNKNOWN: Final = "unknown"  # what an operation that nobody has is called on a row
UNKNOWN_TITLE: Final = "Unknown operation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read of a call's arguments: all of them, or none and why not."""

    arguments: Arguments | None = None
    found: tuple[Code, ...] = ()


class Registry:
    """All operations, in a fixed order. Raises ValueError where two have one name."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries: Final = tuple(entries)
        names = [entry.name for entry in self.entries]
        names += [entry.tool for entry in self.entries if isinstance(entry, Operation)]
        if doubled := sorted({name for name in names if name and names.count(name) > 1}):
            raise ValueError(f"registered twice: {', '.join(doubled)}")

    def find(self, name: object) -> Entry | None:
        """Return the operation of that name, or None."""
        if not isinstance(name, str):
            return None
        return next((entry for entry in self.entries if _is_named(entry, name)), None)

    def of_tool(self, tool: str) -> AnyOperation | None:
        """Return the operation that has a tool of that name, or None."""
        tools = (entry for entry in self.entries if isinstance(entry, Operation))
        return next((entry for entry in tools if tool and entry.tool == tool), None)

    def granted(self, kind: RunKind) -> Iterator[AnyOperation]:
        """Yield what a run of that kind may ask for, whatever else may stand against it."""
        for entry in self.entries:
            if isinstance(entry, Operation) and entry.risk in GRANTED[kind]:
                yield entry

    def title_of(self, stored_name: str) -> str:
        """Return what people call the operation of a row, also of one that is gone meanwhile."""
        titles = {entry.stored_name: entry.title for entry in self.entries}
        return titles.get(stored_name, UNKNOWN_TITLE if stored_name == UNKNOWN else stored_name)

    def stored_names(self) -> tuple[str, ...]:
        """Return all that a row may call its operation."""
        return (*(entry.stored_name for entry in self.entries), UNKNOWN)


def _is_named(entry: Entry, name: str) -> bool:
    return entry.covers(name) if isinstance(entry, Refusal) else entry.name == name


@cache
def registry() -> Registry:
    """Return what the lists that ``settings.TOOLS`` names register, in that order."""
    return Registry(entry for path in settings.TOOLS for entry in import_string(path))


def read_arguments(entry: Entry | None, sent: object) -> Reading:
    """Read what was ``sent`` as the arguments of an operation, strictly.

    Nothing is read of an operation that nobody has or that is refused anyway.
    """
    if entry is None:
        return Reading(found=(Code.UNKNOWN_OPERATION,))
    if isinstance(entry, Refusal):
        return Reading()
    if not isinstance(sent, dict):
        return Reading(found=(Code.MALFORMED,))
    try:
        return Reading(arguments=entry.arguments.model_validate(sent))
    except ValidationError as error:
        kinds = {each["type"] for each in error.errors(include_url=False, include_input=False)}
        codes = {Code.SHOWN_TEXT if kind == SHOWN_TEXT else Code.MALFORMED for kind in kinds}
        return Reading(found=tuple(sorted(codes)))
    except RecursionError:
        return Reading(found=(Code.MALFORMED,))
