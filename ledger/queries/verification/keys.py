"""The keys that signed: which are trusted and why, and what the database says of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection

from ledger.chain import rotation_message
from ledger.ports import KEY_BYTES, key_id
from ledger.queries.verification.report import Report

_PUBLISHED: Final = """
SELECT kept.key_id,
  length(kept.public_key) = %s AND encode(sha256(kept.public_key), 'hex') = kept.key_id,
  kept.first_used_at, first.sealed_at
FROM ledger_sealkey kept
LEFT JOIN (SELECT key_id, min(number) AS number FROM ledger_seal GROUP BY key_id) used
  ON used.key_id = kept.key_id
LEFT JOIN ledger_seal first ON first.number = used.number
"""
# Entries about keys have a key for their subject, which an index finds.
_ROTATIONS: Final = """
SELECT sealed.position, entry.facts ->> 'old_key', entry.facts ->> 'new_key',
  concat(entry.facts ->> 'signature_r', entry.facts ->> 'signature_s')
FROM ledger_ledgerentry entry
JOIN ledger_sealedentry sealed ON sealed.entry_id = entry.id
WHERE entry.subject >= 'key:' AND entry.subject < 'key;' AND entry.kind = 'audit'
  AND entry.event = 'seal_key.rotated'
ORDER BY sealed.position
"""
# Which keys signed, from which seal on, though the old key was lost.
_REPLACED: Final = """
SELECT seal.key_id, min(seal.number) FROM ledger_seal seal
WHERE seal.key_id IN (
  SELECT entry.facts ->> 'new_key' FROM ledger_ledgerentry entry
  WHERE entry.subject >= 'key:' AND entry.subject < 'key;' AND entry.kind = 'audit'
    AND entry.event = 'seal_key.replaced')
GROUP BY seal.key_id ORDER BY 2
"""


@dataclass(frozen=True, slots=True)
class Rotation:
    """An entry that says that an old key introduced a new one, with the old one's signature."""

    position: int
    old_key: str
    new_key: str
    signature: bytes


class Keys:
    """Which keys are trusted, as the chain is walked from its beginning.

    A key is trusted if it is pinned outside the database, or if a trusted key signed its id and
    sealed the entry that says so. That a key stands in the database or in a head only tells its
    bytes; its id, which is their SHA-256, must come from elsewhere.
    """

    def __init__(self, pinned: Iterable[bytes], rotations: Iterable[Rotation] = ()) -> None:
        self._known: dict[str, Ed25519PublicKey] = {}
        self._predecessors: dict[str, set[str]] = defaultdict(set)
        self._retired: set[str] = set()
        self._rotations = list(rotations)
        self.pinned = {key_id(raw) for raw in pinned if self.learn(raw)}
        self.trusted = set(self.pinned)

    def learn(self, public_key: bytes) -> bool:
        """Keep the bytes of a key under its id; say whether they can be a key's."""
        if len(public_key) != KEY_BYTES:
            return False
        self._known.setdefault(key_id(public_key), Ed25519PublicKey.from_public_bytes(public_key))
        return True

    def trusted_key(self, name: str) -> Ed25519PublicKey | None:
        """Return the key if it is trusted by now."""
        return self._known.get(name) if name in self.trusted else None

    def is_retired(self, name: str) -> bool:
        """Say whether a key that followed this one has signed already."""
        return name in self._retired

    def signed(self, name: str, *, first_position: int, last_position: int) -> None:
        """Take in that a trusted key signed a good seal over these positions."""
        self._retired |= self._predecessors.get(name, set())
        while self._rotations and self._rotations[0].position <= last_position:
            rotation = self._rotations.pop(0)
            if rotation.position >= first_position and rotation.old_key == name:
                self._introduce(rotation)

    def _introduce(self, rotation: Rotation) -> None:
        message = rotation_message(old_key=rotation.old_key, new_key=rotation.new_key)
        try:
            self._known[rotation.old_key].verify(rotation.signature, message)
        except InvalidSignature:
            return
        self.trusted.add(rotation.new_key)
        self._predecessors[rotation.new_key] |= {
            rotation.old_key,
            *self._predecessors[rotation.old_key],
        }


def sealed_rotations() -> list[Rotation]:
    """Return the sealed entries that say that a key was introduced, in their sealed order."""
    with connection.cursor() as cursor:
        cursor.execute(_ROTATIONS)
        return [
            Rotation(position, old or "", new or "", _bytes(signature))
            for position, old, new, signature in cursor.fetchall()
        ]


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def name_keys(keys: Keys) -> Report:
    """Name each key that nobody vouches for, and say where none is pinned at all."""
    report = Report()
    if not keys.pinned:
        says = "no key is pinned outside the database: nothing that it says can be trusted"
        report.add("no_key_pinned", "keys", says)
    with connection.cursor() as cursor:
        cursor.execute(_REPLACED)
        for name, seal in cursor.fetchall():
            if name not in keys.trusted:
                says = (
                    f"it took over without the old key, from seal {seal} on: if you know it, "
                    f"pin it by hand (pin_seal_key)"
                )
                report.add("key_not_introduced", f"key {name[:16]}", says)
    return report


def check_published_keys(*, known: Collection[str]) -> Report:
    """Compare each key that the database publishes with its name and with the seals it signed.

    ``known`` are the names of the keys that count as known outside the database.
    """
    report = Report()
    with connection.cursor() as cursor:
        cursor.execute(_PUBLISHED, [KEY_BYTES])
        for name, is_itself, first_used_at, signed_at in cursor.fetchall():
            what = f"key {name[:16]}"
            if not is_itself:
                says = "the public key in the database is not the one that this name stands for"
                report.add("published_key_changed", what, says)
            if signed_at is None and name not in known:
                says = "it signed no seal and is none that is known outside the database"
                report.add("published_key_unused", what, says)
            if signed_at not in (None, first_used_at):
                says = f"it is said to be of {first_used_at}, but first signed at {signed_at}"
                report.add("published_key_dated_otherwise", what, says)
    return report
