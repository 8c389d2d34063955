"""What is kept outside the database, for who looks after it: pins and heads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings

from ledger import providers
from ledger.models import LedgerEntry, Seal, SealKey
from ledger.ports import Head, HeadsUnreadable, PinsUnreadable, key_id
from ledger.queries.verification import Report
from ledger.queries.verification.chain import check_heads


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """Which keys are trusted beforehand, by their ids, and where that is said."""

    where: str
    key_ids: list[str]
    fault: str  # "" where they can be read, and changed by their owner only


def pins() -> Pins:
    """Return the pinned keys. Opens no private half."""
    where = "SEAL_PUBLIC_KEYS" if settings.SEAL_PUBLIC_KEYS else str(providers.pin_file())
    try:
        keys = providers.pinned_keys()
    except PinsUnreadable as error:
        return Pins(where=where, key_ids=[], fault=str(error))
    if not settings.SEAL_PUBLIC_KEYS and providers.pin_file().may_be_changed_by_others():
        return Pins(where=where, key_ids=[], fault=f"{where} can be changed by others: chmod go-w")
    return Pins(where=where, key_ids=[key_id(key) for key in keys], fault="")


def compared_heads(*, now: datetime) -> Report:
    """Hold the heads kept outside against the seals: seconds where verifying takes minutes."""
    return check_heads(providers.head_sink().heads(), now=now)


LOG_BEGUN_ANEW: Final = "seals_log.begun_anew"  # a person said that no older head is kept


class NotComparable(Exception):
    """Nobody can say whether the database is as old as it was. The sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewestOutside:
    """The newest head that is kept outside, and whether the database has its seal."""

    number: int  # 0 where none is kept, of a chain that begins
    seal_hash: str
    is_here: bool
    missing: int  # how many entries at most it speaks of that no seal of the database covers
    log_begun_at: datetime | None  # when a person last said that a log begins anew


def newest_outside() -> NewestOutside:
    """Hold the newest head kept outside against the seal of that number. Not in a transaction.

    Raises NotComparable where no head can be read, or none is kept of a chain that is under way.
    """
    try:
        head = providers.head_sink().newest()  # first: it is kept after its seal was committed
    except HeadsUnreadable as error:
        raise NotComparable(str(error)) from error
    if head is None:
        if Seal.objects.filter(number__gt=1).exists():
            raise NotComparable("seals were made, and no head of them is kept outside")
        return NewestOutside(
            number=0, seal_hash="", is_here=True, missing=0, log_begun_at=_log_begun_at()
        )
    kept = Seal.objects.filter(number=head.number).values_list("seal_hash", flat=True).first()
    return NewestOutside(
        number=head.number,
        seal_hash=head.seal_hash.hex(),
        is_here=kept is not None and bytes(kept) == head.seal_hash,
        missing=_missing(head),
        log_begun_at=_log_begun_at(),
    )


def _missing(head: Head) -> int:
    newest = Seal.objects.order_by("-number").values_list("last_position", flat=True).first()
    return max(0, head.last_position - (newest or 0))


def seal_key_ref(key_id: str) -> str:
    """Return what entries call a seal key."""
    return f"key:{key_id[:16]}"


def _log_begun_at() -> datetime | None:
    keys = [seal_key_ref(key_id) for key_id in SealKey.objects.values_list("key_id", flat=True)]
    said = LedgerEntry.objects.filter(subject__in=keys, event=LOG_BEGUN_ANEW)
    return said.order_by("-pk").values_list("recorded_at", flat=True).first()


def is_rotation_under_way() -> bool:
    """Say whether a rotation of the key was begun and has not come to its end."""
    return providers.has_next_signer()
