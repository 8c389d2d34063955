"""The keys that signed: which are known outside, and what the database says of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection

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


def known_keys(public_keys: Iterable[bytes]) -> dict[str, Ed25519PublicKey]:
    """Return public keys under their names; what is too short or too long to be one is left out."""
    return {
        key_id(raw): Ed25519PublicKey.from_public_bytes(raw)
        for raw in public_keys
        if len(raw) == KEY_BYTES
    }


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
