"""What a site asks of programs that visit it (RFC 9309). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

BYTES_READ_MAX: Final = 500 * 1024  # of a site's file
RULES_MAX: Final = 1000
PATTERN_CHARS_MAX: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Whether what matches a pattern may be read."""

    pattern: str
    is_allowed: bool


def rules_for(token: str, robots: str) -> list[Rule]:
    """Return the rules of a ``robots.txt`` for the program that calls itself ``token``.

    The groups that name it, together; else those for everybody.
    """
    for_all: list[Rule] = []
    for_us: list[Rule] = []
    is_named = False
    for names, rules in _groups(robots):
        if token.lower() in names:
            is_named = True
            for_us += rules
        if "*" in names:
            for_all += rules
    return (for_us if is_named else for_all)[:RULES_MAX]


def may_read(path: str, rules: Iterable[Rule]) -> bool:
    """Say whether ``path`` may be read: the longest pattern decides, and allowing wins a tie."""
    decides = max(
        (rule for rule in rules if rule.pattern and matches(path, rule.pattern)),
        key=lambda rule: (len(rule.pattern), rule.is_allowed),
        default=None,
    )
    return decides is None or decides.is_allowed


def matches(path: str, pattern: str) -> bool:
    """Say whether ``path`` begins as ``pattern`` says: ``*`` is anything, a last ``$`` the end.

    Each piece between two stars is looked for once: no pattern takes long.
    """
    is_whole = pattern.endswith("$")
    first, *others = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    last = others.pop() if is_whole and others else None
    for piece in others:
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    if last is not None:
        return len(path) - len(last) >= at and path.endswith(last)
    return not is_whole or at == len(path)


def _groups(robots: str) -> Iterator[tuple[set[str], list[Rule]]]:
    names: set[str] = set()
    rules: list[Rule] = []
    is_naming = False
    for key, value in _lines(robots):
        if key == "user-agent":
            if not is_naming:
                yield names, rules
                names, rules = set(), []
            names.add(value.lower().split("/")[0].strip())
            is_naming = True
        elif key in ("allow", "disallow"):
            is_naming = False
            rules.append(Rule(pattern=value[:PATTERN_CHARS_MAX], is_allowed=key == "allow"))
    yield names, rules


def _lines(robots: str) -> Iterator[tuple[str, str]]:
    for line in robots.lstrip("\ufeff").splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        if colon:
            yield key.strip().lower(), value.strip()
