"""One line of the doctor's report, and how secrets are said."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How it stands: in order, worth a look, or broken."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, how it stands, and what to do about it."""

    level: Level
    what: str
    words: str
    remedy: str = ""


def ok(what: str, words: str) -> Finding:
    """Return that ``what`` is in order."""
    return Finding(Level.OK, what, words)


def warn(what: str, words: str, remedy: str) -> Finding:
    """Return that ``what`` works, and should be better."""
    return Finding(Level.WARN, what, words, remedy)


def bad(what: str, words: str, remedy: str) -> Finding:
    """Return that ``what`` is broken."""
    return Finding(Level.BAD, what, words, remedy)


def named(secret: str) -> str:
    """Say a secret so that two people can compare theirs: a fingerprint and the last four."""
    fingerprint = hashlib.sha256(secret.encode()).hexdigest()[:8]
    kind = "_".join(secret.split("_")[:2]) if secret.count("_") >= 2 else secret.split("_")[0]
    tail = secret[-4:] if len(secret) >= 20 else ""
    return f"{kind}_… (fingerprint {fingerprint}{', ends in ' + tail if tail else ''})"
