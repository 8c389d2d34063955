"""The chain of seals: numbers, positions, hashes, signatures, and the heads kept outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger.chain import GENESIS, SealBody
from ledger.models import Seal
from ledger.ports import Head, HeadsUnreadable, key_id
from ledger.queries.verification.report import Report

LATE_AFTER: Final = timedelta(minutes=5)
SPAN_ENTRIES: Final = 20_000  # about what one piece of work checks


@dataclass(frozen=True, slots=True)
class Batch:
    """What one seal covers."""

    number: int
    first_position: int
    last_position: int
    merkle_root: bytes


@dataclass(slots=True)
class Heads:
    """The heads kept outside, walked beside the chain."""

    source: Iterator[Head]
    report: Report
    keys: dict[str, Ed25519PublicKey]
    newest: Head | None = None
    _next: Head | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._step()

    def _step(self) -> None:
        """Go on to the next head; its key counts as known, because it came from outside."""
        previous = self._next
        try:
            self._next = next(self.source, None)
        except HeadsUnreadable as error:
            self.report.add("heads_unreadable", "seals log", str(error))
            self._next = None
        if self._next is None:
            return
        if previous and self._next.number <= previous.number:
            says = f"the head of seal {self._next.number} was kept after that of {previous.number}"
            self.report.add("heads_out_of_order", f"seal {self._next.number}", says)
        self.report.heads_outside += 1
        self.newest = self._next
        public_key = self._next.public_key
        self.keys.setdefault(key_id(public_key), Ed25519PublicKey.from_public_bytes(public_key))

    def compare(self, seal: Seal) -> None:
        """Compare ``seal`` with the head that was kept of it."""
        while self._next and self._next.number <= seal.number:
            if self._next.number == seal.number and self._next.seal_hash != bytes(seal.seal_hash):
                says = f"seal {seal.number} is not the seal that was published under this number"
                self.report.add("head_differs", f"seal {seal.number}", says)
            self._step()

    def finish(self, last: Seal | None, *, now: datetime) -> None:
        """Compare both ends."""
        end, end_position = (last.number, last.last_position) if last else (0, 0)
        while self._next:
            self._step()
        if self.newest and self.newest.number > end:
            says = (
                f"the chain ends at seal {end}, position {end_position}, but seal "
                f"{self.newest.number}, position {self.newest.last_position}, was published: "
                f"{self.newest.last_position - end_position} entries are gone"
            )
            self.report.add("tail_removed", f"seal {self.newest.number}", says)
        published = self.newest.number if self.newest else 0
        if last and published < end and last.sealed_at < now - LATE_AFTER:
            says = f"seals {published + 1} to {end} were never published outside the database"
            self.report.add("head_not_published", f"seal {end}", says)


def check_chain(
    *, heads: Heads, keys: dict[str, Ed25519PublicKey], report: Report, now: datetime
) -> Iterator[list[Batch]]:
    """Walk all seals in order, add what is wrong to ``report``, and yield what they cover."""
    span: list[Batch] = []
    previous: Seal | None = None
    for seal in Seal.objects.order_by("number").iterator(chunk_size=1000):
        heads.compare(seal)
        _check_place(seal, previous, report)
        _check_signature(seal, keys, report)
        report.seals += 1
        span.append(
            Batch(seal.number, seal.first_position, seal.last_position, bytes(seal.merkle_root))
        )
        if seal.last_position - span[0].first_position >= SPAN_ENTRIES:
            yield span
            span = []
        previous = seal
    heads.finish(previous, now=now)
    if previous:
        report.last_position = previous.last_position
        report.head_hash = bytes(previous.seal_hash).hex()
    if span:
        yield span


def _check_place(seal: Seal, previous: Seal | None, report: Report) -> None:
    number, end, link = (
        (previous.number, previous.last_position, bytes(previous.seal_hash))
        if previous
        else (0, 0, GENESIS)
    )
    name = f"seal {seal.number}"
    if seal.number != number + 1:
        says = f"between seal {number} and seal {seal.number} there is a hole"
        report.add("seal_missing", name, says)
    if seal.first_position != end + 1:
        says = f"it begins at position {seal.first_position}, not at {end + 1}"
        report.add("positions_not_covered", name, says)
    if bytes(seal.previous_hash) != link:
        report.add("chain_broken", name, f"it does not follow seal {number}")


def _check_signature(seal: Seal, keys: dict[str, Ed25519PublicKey], report: Report) -> None:
    name = f"seal {seal.number}"
    body = SealBody(
        number=seal.number,
        first_position=seal.first_position,
        last_position=seal.last_position,
        merkle_root=bytes(seal.merkle_root),
        previous_hash=bytes(seal.previous_hash),
        sealed_at=seal.sealed_at,
        key_id=seal.key_id,
    )
    if body.seal_hash() != bytes(seal.seal_hash):
        report.add("seal_changed", name, "what it says is not what its hash covers")
    if seal.key_id not in keys:
        says = f"its key {seal.key_id[:16]} is none that is trusted"
        report.add("key_unknown", name, says)
        return
    try:
        keys[seal.key_id].verify(bytes(seal.signature), body.message())
    except InvalidSignature:
        report.add("signature_bad", name, "its signature is not good")
