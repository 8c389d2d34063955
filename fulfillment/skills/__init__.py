"""Procedures that an agent is given: files in SKILL.md form, which ship with the code.

The form is a head between two lines of ``---`` with one ``name: value`` in a line, and a body in
Markdown. What is in a head is read strictly: a skill that says something unknown is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from kernel.given_text import clean
from toolrouter.enums import RunKind

HERE: Final = Path(__file__).parent
FILE: Final = "SKILL.md"
FIELDS: Final = frozenset({"name", "description", "version", "kinds", "tools"})
# A runtime hands a result to its model twice, and cuts what is longer than 50,000 characters.
BODY_CHARS_MAX: Final = 6_000
DESCRIPTION_CHARS_MAX: Final = 1_024
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_TOOL: Final = re.compile(r"[a-z][a-z_]*")
_FILE: Final = re.compile(r"\A---\n(?P<head>.*?)\n---\n(?P<body>.+)\Z", re.DOTALL)


class BadSkill(ValueError):
    """A text that is no skill; the message says why, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """One version of one procedure: whom it is for, which tools it needs, and what it says."""

    name: str
    description: str
    version: int
    kinds: frozenset[RunKind]
    tools: tuple[str, ...]
    body: str
    sha256: str  # of the whole file


def read_skill(text: str) -> Skill:
    """Return the skill that ``text`` is. Raises BadSkill."""
    found = _FILE.fullmatch(text)
    if found is None:
        raise BadSkill("A skill begins with a head between two lines of three hyphens.")
    head = _head(found["head"])
    body = found["body"].strip()
    if len(body) > BODY_CHARS_MAX:
        raise BadSkill(f"Its body has {len(body)} characters; {BODY_CHARS_MAX} are allowed.")
    if codes := clean(text).codes:
        raise BadSkill(f"It has what no text for an agent may have: {', '.join(codes)}.")
    if not _NAME.fullmatch(head["name"]):
        raise BadSkill("Its name is small letters, digits and single hyphens.")
    if not 0 < len(head["description"]) <= DESCRIPTION_CHARS_MAX:
        raise BadSkill(f"Its description has 1 to {DESCRIPTION_CHARS_MAX} characters.")
    if not (head["version"].isascii() and head["version"].isdigit() and int(head["version"])):
        raise BadSkill("Its version is a whole number from 1 on.")
    return Skill(
        name=head["name"],
        description=head["description"],
        version=int(head["version"]),
        kinds=_kinds(head["kinds"]),
        tools=_tools(head["tools"]),
        body=body,
        sha256=sha256(text.encode()).hexdigest(),
    )


@cache
def shipped() -> tuple[Skill, ...]:
    """Return the skills that ship with this version, by name."""
    return tuple(
        read_skill((folder / FILE).read_text())
        for folder in sorted(HERE.iterdir())
        if (folder / FILE).is_file()
    )


def _head(text: str) -> dict[str, str]:
    said: dict[str, str] = {}
    for line in text.split("\n"):
        name, colon, value = line.partition(":")
        if not colon or name not in FIELDS or name in said:
            raise BadSkill(f"Its head has a line that is not understood: {line[:60]!r}.")
        said[name] = value.strip()
    if missing := FIELDS - said.keys():
        raise BadSkill(f"Its head does not say: {', '.join(sorted(missing))}.")
    return said


def _kinds(text: str) -> frozenset[RunKind]:
    words = text.split()
    if not words or not set(words) <= set(RunKind):
        raise BadSkill(f"Its kinds are some of: {', '.join(RunKind)}.")
    return frozenset(RunKind(word) for word in words)


def _tools(text: str) -> tuple[str, ...]:
    words = tuple(text.split())
    if not words or not all(_TOOL.fullmatch(word) for word in words):
        raise BadSkill("Its tools are names such as read_task.")
    return words
