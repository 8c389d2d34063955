"""The chain of seals: numbers, positions, hashes, signatures, and the heads kept outside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidSignature

from ledger.chain import GENESIS, SealBody
from ledger.models import Seal
from ledger.ports import Head
from ledger.queries.verification.heads import Heads
from ledger.queries.verification.keys import Keys
from ledger.queries.verification.report import Report

SPAN_ENTRIES: Final = 20_000  # about what one piece of work checks


@dataclass(frozen=True, slots=True)
class Batch:
    """What one seal covers."""

    number: int
    first_position: int
    last_position: int
    merkle_root: bytes


def check_chain(
    *, heads: Heads, keys: Keys, report: Report, now: datetime
) -> Iterator[list[Batch]]:
    """Walk all seals in order, add what is wrong to ``report``, and yield what they cover."""
    span: list[Batch] = []
    previous: Seal | None = None
    for seal in Seal.objects.order_by("number").iterator(chunk_size=1000):
        body = seal.body
        is_itself = body.seal_hash() == bytes(seal.seal_hash)
        if not is_itself:
            says = "what it says is not what its hash covers"
            report.add("seal_changed", f"seal {seal.number}", says)
        is_trusted = _check_key(seal, keys, report)
        is_signed = is_trusted and _check_signature(seal, body, keys, report)
        heads.compare(seal, is_sound=is_itself and is_signed == is_trusted)
        _check_place(seal, previous, report)
        if is_signed:
            keys.signed(
                seal.key_id, first_position=seal.first_position, last_position=seal.last_position
            )
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


def check_heads(heads: Iterable[Head], *, now: datetime) -> Report:
    """Compare the heads kept outside with the seals, and nothing else: seconds, not minutes.

    ``heads`` as for ``verify``.
    """
    report, last = Report(), None
    walk = Heads(iter(heads), report, Keys(()))
    for seal in Seal.objects.order_by("number").iterator(chunk_size=1000):
        walk.compare(seal, is_sound=seal.body.seal_hash() == bytes(seal.seal_hash))
        report.seals, last = report.seals + 1, seal
    walk.finish(last, now=now)
    return report


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


def _check_key(seal: Seal, keys: Keys, report: Report) -> bool:
    """Say whether the key of ``seal`` is trusted; name it where it should not have signed."""
    name = f"seal {seal.number}"
    if keys.trusted_key(seal.key_id) is None:
        says = f"its key {seal.key_id[:16]} is none that is trusted"
        report.add("key_unknown", name, says)
        return False
    if keys.is_retired(seal.key_id):
        says = f"its key {seal.key_id[:16]} had been rotated away, and another one had signed"
        report.add("key_retired", name, says)
    return True


def _check_signature(seal: Seal, body: SealBody, keys: Keys, report: Report) -> bool:
    """Say whether its trusted key signed ``seal``."""
    key = keys.trusted_key(seal.key_id)
    try:
        if key:
            key.verify(bytes(seal.signature), body.message())
    except InvalidSignature:
        report.add("signature_bad", f"seal {seal.number}", "its signature is not good")
        return False
    return key is not None
