"""Sign with a fresh key from now on."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger import providers
from ledger.operations import audit
from ledger.ports import key_id


def rotate_seal_key(*, actor_id: int | None, now: datetime) -> str:
    """Replace the key that signs seals, and return the new key's id.

    Older seals stay good: their public key is kept in the seals log and in the ledger. The old
    private key is gone afterwards. Safe while a sealer works: a batch is signed with one key.
    """
    old_key = providers.public_key()
    new_id = key_id(providers.replace_key().public_key)
    facts = {"new_key": new_id, **({"old_key": key_id(old_key)} if old_key else {})}
    with transaction.atomic(durable=True):
        audit(
            actor_id=actor_id,
            event="seal_key.rotated",
            subject=f"key:{new_id[:16]}",
            facts=facts,
            now=now,
        )
    return new_id
