"""Erasing a person's data everywhere: what is personal goes, what happened stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from console.enums import ErasureReason
from console.queries.kept import SubjectData, in_the_way, kept_about
from kernel.erasure import Person, erasers
from ledger import operations as ledger


class NothingKept(Exception):
    """Nothing is kept about that address."""


class NotYet(Exception):
    """Something about the person is under way; ``reasons`` says what, a sentence each."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


def erase_subject(
    *, email: str, reason: ErasureReason, actor_id: int | None, now: datetime
) -> SubjectData:
    """Blank all that is kept about the person of ``email``; return what that was.

    References, states, amounts, times and digests stay, and so does the ledger, which gets an
    entry that says so without naming anybody. What is much goes first, in transactions of its own:
    interrupted, it is simply done again. Repeating finds only what came since.

    Raises NothingKept, and NotYet while something is open that needs the person's data.
    """
    about = kept_about(email)
    person = about.person
    if not about.subject:
        raise NothingKept
    _require_nothing_open(person)
    counts = Counter(dict.fromkeys((name for each in erasers() for name in each.counts), 0))
    for eraser in erasers():
        for batch in eraser.batches(person, now):
            with transaction.atomic(durable=True):
                counts.update(batch())
    with transaction.atomic(durable=True):
        # From above: whoever takes a payment holds the checkout before the contact, and whoever
        # claims an agent's call the contact before the grant.
        for eraser in reversed(list(erasers())):
            eraser.lock(person)
        _require_nothing_open(person)
        touched: list[str] = []
        for eraser in erasers():
            blanked = eraser.blank(person, now)
            counts.update(blanked.counts)
            touched += blanked.refs
        ledger.audit(
            actor_id=actor_id,
            event="personal_data.erased",
            subject=about.subject,
            refs=list(dict.fromkeys(touched)),
            facts={"reason": reason, **counts},
            now=now,
        )
    return about


def _require_nothing_open(person: Person) -> None:
    if reasons := in_the_way(person):
        raise NotYet(reasons)
