"""Facts: numbers, references, enums and times, under keys that the code allowed beforehand.

An app says in ``AppConfig.ready()`` which keys its entries may carry::

    ledger.facts.allow("revenue", {"amount_minor": facts.MINOR, "currency": facts.CURRENCY})

Everything else is refused: an unknown key, a sentence, an e-mail address, a secret. A digest must
be of something that holds no person's words, or be salted with a salt that can be blanked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from kernel.money import exponent
from ledger import shapes
from ledger.enums import EntryKind

FactValue = bool | int | str | datetime
StoredFact = bool | int | str

BIGINT_MAX: Final = 2**63 - 1


class FactRefused(ValueError):
    """The ledger takes no such fact. The sentence names the key, never the value."""


@dataclass(frozen=True, slots=True)
class FactType:
    """One sort of fact: how it is called, and how it is read and stored."""

    name: str
    read: Callable[[FactValue], StoredFact | None]  # None: refused
    words: frozenset[str] = frozenset()  # what makes two "one of" types the same type

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FactType) and (self.name, self.words) == (other.name, other.words)

    def __hash__(self) -> int:
        return hash((self.name, self.words))


def _whole(value: FactValue) -> int | None:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole and abs(value) <= BIGINT_MAX else None  # type: ignore[arg-type,return-value]  # narrowed by is_whole


def _count(value: FactValue) -> int | None:
    number = _whole(value)
    return number if number is not None and number >= 0 else None


def _flag(value: FactValue) -> bool | None:
    return value if isinstance(value, bool) else None


def _currency(value: FactValue) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        exponent(value)
    except ValueError:
        return None
    return value


def _text(fits: Callable[[str], object]) -> Callable[[FactValue], str | None]:
    return lambda value: str(value) if isinstance(value, str) and fits(value) else None


def _time(value: FactValue) -> str | None:
    if not isinstance(value, datetime) or value.tzinfo is None:
        return None
    return value.astimezone(UTC).isoformat(timespec="microseconds")


MINOR: Final = FactType("whole minor units", _whole)
COUNT: Final = FactType("a count", _count)
FLAG: Final = FactType("yes or no", _flag)
CURRENCY: Final = FactType("an ISO 4217 currency", _currency)
REF: Final = FactType("a reference", _text(shapes.is_ref))
TIME: Final = FactType("a time", _time)
DIGEST: Final = FactType("a SHA-256", _text(shapes.DIGEST.fullmatch))
NOBODY: Final = ("system", "visitor")  # who acts without being a person of ours
ACTOR: Final = FactType("who acted", _text(lambda text: text in NOBODY or shapes.is_ref(text)))


def one_of(words: Iterable[str]) -> FactType:
    """Return the type of a fact that is one of ``words`` (short code words, no sentences)."""
    known = frozenset(str(word) for word in words)
    if not known or not all(shapes.WORD.fullmatch(word) for word in known):
        raise ValueError("one_of needs code words: lower case, digits, _ . -")
    return FactType("one of", _text(known.__contains__), known)


_allowed: Final[dict[str, dict[str, FactType]]] = {kind: {} for kind in EntryKind.values}


def allow(kind: str, keys: Mapping[str, FactType]) -> None:
    """Let entries of ``kind`` carry ``keys``. Called once per app, at start-up.

    Raises ValueError when another app already gave one of the keys another type.
    """
    allowed = _allowed[EntryKind(kind).value]
    for key, fact_type in keys.items():
        if not shapes.EVENT.fullmatch(key):
            raise ValueError(f"{key!r} is no fact key")
        if allowed.setdefault(key, fact_type) != fact_type:
            raise ValueError(f"{kind} facts already have another {key!r}")


def allowed(kind: str) -> Mapping[str, FactType]:
    """Return the keys that entries of ``kind`` may carry."""
    return dict(_allowed[EntryKind(kind).value])


def check(*, kind: str, facts: Mapping[str, FactValue]) -> dict[str, StoredFact]:
    """Return ``facts`` as they are stored, in the order they are stored. Raises FactRefused."""
    allowed_keys = _allowed[EntryKind(kind).value]
    stored: dict[str, StoredFact] = {}
    for key in sorted(facts, key=lambda key: (len(key), key)):  # the order that jsonb keeps
        if key not in allowed_keys:
            raise FactRefused(f"{kind} entries carry no fact {key!r}")
        value = allowed_keys[key].read(facts[key])
        if value is None:
            raise FactRefused(f"the fact {key!r} must be {allowed_keys[key].name}")
        stored[key] = value
    return stored
