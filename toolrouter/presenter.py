"""What a person is shown of what will run: made of the envelope alone. Imports no Django.

``VERSION`` names these rules. Whoever changes what follows from the same envelope gives them a new
version, and keeps the old one for as long as requests name it. An operation's own part has a
version of its own, which the envelope carries.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from approvals.registry import Line, Shown
from kernel.canonical import Canonical
from kernel.money import Money
from toolrouter.ports import Presented

VERSION: Final = "tool-1"


def present(envelope: Mapping[str, Canonical], *, title: str, own: Presented) -> Shown:
    """Return what is shown: the operation's own sentence and lines, then what every call has."""
    lines = [
        Line(label=label, value=value, is_words=label in own.words) for label, value in own.lines
    ]
    if amount := amount_of(envelope):
        lines.append(Line(label="Amount", value=str(amount)))
    lines += [
        Line(label=label, value=str(envelope[name]))
        for label, name in (
            ("Paid to", "payee"),
            ("Operation", "operation"),
            ("Provider", "provider"),
            ("Provider's account", "account"),
            ("Project", "project"),
            ("Run", "run"),
            ("Environment", "mode"),
        )
    ]
    effect = Line(label="", value=own.sentence, is_words="" in own.words)
    return Shown(title=title, effect=effect, lines=lines)


def amount_of(envelope: Mapping[str, Canonical]) -> Money | None:
    """Return the amount that the envelope names; None where it moves no money."""
    minor, currency = envelope.get("amount_minor"), envelope.get("currency")
    if not isinstance(minor, int) or not isinstance(currency, str):
        return None
    return Money(minor, currency)
