"""How far the ledger is sealed, and the proof that an entry is under a seal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from ledger import merkle
from ledger.due_work import UNSEALED
from ledger.models import LedgerEntry, Seal, SealedEntry, SealKey, UnsealedEntry
from ledger.ports import Head, HeadsBroken, SealingRefused, key_id

COUNT_MAX: Final = 10_000  # more waiting entries than this are "more than"

_STATE: Final = f"""
SELECT head.number, head.last_position, head.sealed_at, head.seal_hash, head.key_id,
  (SELECT count(*) FROM (SELECT FROM ledger_unsealedentry LIMIT %s) due),
  ({UNSEALED.oldest_due})
FROM (VALUES (1)) one
LEFT JOIN LATERAL (SELECT * FROM ledger_seal ORDER BY number DESC LIMIT 1) head ON true
"""  # noqa: S608  # constants only


class ChainShorterThanHead(SealingRefused):
    """The heads outside know seals that the database has not, or has otherwise."""


class HeadsGone(SealingRefused):
    """Seals were made, and no head is kept outside. A person must say that a log begins anew."""


class PublishedKeyChanged(SealingRefused):
    """A key in the database is not the key that its name says; its seals are not published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealState:
    """How far the sealing has come. Number and position are 0, the rest empty, before the first."""

    number: int
    last_position: int
    sealed_at: datetime | None
    seal_hash: str
    key_id: str
    entries_waiting: int  # counted up to COUNT_MAX
    oldest_waiting_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InclusionProof:
    """What leads from one entry's content hash to a signed root (RFC 6962, 2.1.1)."""

    position: int
    content_hash: bytes
    steps: list[merkle.Step]
    seal: Seal


def newest_seal() -> Seal | None:
    """Return the head of the chain."""
    return Seal.objects.select_related("key").order_by("-number").first()


def oldest_unsealed_at() -> datetime | None:
    """Return when the oldest entry was written that no seal covers yet. One statement."""
    oldest = UnsealedEntry.objects.order_by("pk").values("pk")[:1]
    entries = LedgerEntry.objects.filter(pk__in=oldest)
    return entries.values_list("recorded_at", flat=True).first()


def seal_state() -> SealState:
    """Return the head, and what waits for a seal. 1 statement, whatever the ledger's size."""
    with connection.cursor() as cursor:
        cursor.execute(_STATE, [COUNT_MAX])
        number, last_position, sealed_at, seal_hash, key_id, waiting, oldest = cursor.fetchone()
    return SealState(
        number=number or 0,
        last_position=last_position or 0,
        sealed_at=sealed_at,
        seal_hash=bytes(seal_hash or b"").hex(),
        key_id=key_id or "",
        entries_waiting=waiting,
        oldest_waiting_at=oldest,
    )


def published_keys() -> list[SealKey]:
    """Return every public key that ever signed a seal, oldest first."""
    return list(SealKey.objects.order_by("first_used_at", "key_id"))


def inclusion_proof(*, entry_id: int) -> InclusionProof | None:
    """Return the proof that an entry is under a seal; None while it is not sealed."""
    sealed = SealedEntry.objects.filter(entry_id=entry_id).first()
    if sealed is None:
        return None
    seal = (
        Seal.objects.select_related("key")
        .filter(first_position__lte=sealed.position)
        .order_by("-first_position")
        .first()
    )
    if seal is None or seal.last_position < sealed.position:
        return None
    leaves = SealedEntry.objects.filter(
        position__range=(seal.first_position, seal.last_position)
    ).order_by("position")
    hashes = [bytes(leaf) for leaf in leaves.values_list("content_hash", flat=True)]
    return InclusionProof(
        position=sealed.position,
        content_hash=bytes(sealed.content_hash),
        steps=merkle.path(hashes, index=sealed.position - seal.first_position),
        seal=seal,
    )


def head_of(seal: Seal) -> Head:
    """Return ``seal`` as it is told to the world. Its key must be selected with it.

    Raises PublishedKeyChanged rather than tell the world a key that did not sign.
    """
    public_key = bytes(seal.key.public_key)
    if key_id(public_key) != seal.key_id:
        raise PublishedKeyChanged(
            f"the public key {seal.key_id[:16]} in the database is not the one that signed "
            f"seal {seal.number}: run verify_ledger"
        )
    return Head(
        number=seal.number,
        first_position=seal.first_position,
        last_position=seal.last_position,
        merkle_root=bytes(seal.merkle_root),
        previous_hash=bytes(seal.previous_hash),
        seal_hash=bytes(seal.seal_hash),
        sealed_at=seal.sealed_at,
        public_key=public_key,
        signature=bytes(seal.signature),
    )


def differs_from(head: Head, seal: Seal) -> bool:
    """Say whether ``head`` says anything else than ``seal``, signature and key included."""
    ours = (seal.number, seal.last_position, bytes(seal.seal_hash), seal.sealed_at, seal.key_id)
    theirs = (
        head.number, head.last_position, head.seal_hash, head.sealed_at, key_id(head.public_key),
    )  # fmt: skip
    if not head.is_whole:
        return ours != theirs
    ours_too = (seal.first_position, seal.merkle_root, seal.previous_hash, seal.signature)
    theirs_too = (head.first_position, head.merkle_root, head.previous_hash, head.signature)
    return ours != theirs or theirs_too != (ours_too[0], *map(bytes, ours_too[1:]))


def heads_after(last: Head | None, *, begins_anew: bool = False) -> Iterator[Head]:
    """Yield the heads that follow ``last``, oldest first.

    Raises ChainShorterThanHead when the database does not know ``last`` as it was published,
    HeadsGone when none is kept of a chain that is under way, and PublishedKeyChanged.
    """
    seals = Seal.objects.select_related("key").order_by("number")
    if last is not None:
        _check_last(last, seals.filter(number=last.number).first())
    elif not begins_anew and seals.filter(number__gt=1).exists():
        # A crash can cost the head of one seal only, which is then told by the next run.
        raise HeadsGone(
            "seals were made and no head is kept outside the database: find out where the seals "
            "log went, and run verify_ledger; on a further machine, or after restoring an older "
            "backup, begin a new log with seal_ledger --new-log"
        )
    for seal in seals.filter(number__gt=last.number if last else 0).iterator(chunk_size=1000):
        yield head_of(seal)


def _check_last(last: Head, seal: Seal | None) -> None:
    if seal is None or bytes(seal.seal_hash) != last.seal_hash:
        raise ChainShorterThanHead(
            f"seal {last.number} was published but the database "
            f"{'has another one' if seal else 'does not have it'}: run verify_ledger; "
            "after restoring an older backup, move the seals log aside and run "
            "seal_ledger --new-log"
        )
    if differs_from(last, seal):
        raise HeadsBroken(f"the head kept of seal {last.number} was changed: run verify_ledger")
