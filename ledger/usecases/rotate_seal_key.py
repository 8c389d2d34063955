"""Sign with a fresh key from now on, introduced by the old one."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.db import transaction

from ledger import providers
from ledger.chain import rotation_message
from ledger.exchanges.seals import seal_due
from ledger.models import LedgerEntry, SealedEntry
from ledger.operations import audit
from ledger.ports import SealKeyMissing, Signer, key_id
from ledger.queries.seals import newest_seal

ROTATED: Final = "seal_key.rotated"  # introduced by the old key
REPLACED: Final = "seal_key.replaced"  # without the old key, which is lost
TRIES_MAX: Final = 30  # a second apart, while another sealer is at work


class RotationNotSealed(Exception):
    """The old key still signs. Run the rotation again: it goes on where it stopped."""


def rotate_seal_key(
    *, actor_id: int | None, now: datetime, pause: Callable[[float], None] = time.sleep
) -> str:
    """Replace the key that signs seals, and return the new key's id.

    The old key signs the new one's id, and seals the entry that says so; only then the new key
    takes its place, and the old private key is gone. So whoever trusts the old key trusts the new
    one. A crash at any point loses nothing: the next call goes on. Not inside a transaction.

    Raises SealKeyMissing where the old key is lost (see ``replace_lost_key``), RotationNotSealed,
    and as ``seal_due`` does.
    """
    old = providers.signer(may_make=newest_seal() is None, now=now)
    new = providers.next_signer()
    entry_id = _introduce(old, new, actor_id=actor_id, now=now)
    for _ in range(TRIES_MAX):
        seal_due(signer=old, sink=providers.head_sink(), now=now)
        if SealedEntry.objects.filter(entry_id=entry_id).exists():
            break
        pause(1.0)
    else:
        raise RotationNotSealed("another sealer is at work: run rotate_seal_key again")
    providers.take_over()
    return key_id(new.public_key)


def replace_lost_key(*, actor_id: int | None, now: datetime) -> str:
    """Make a key where the old one is lost, and return its id.

    Nothing vouches for it: ``verify_ledger`` names it until it is pinned by hand. Raises
    ValueError where the old key is there, or was never made.
    """
    try:
        providers.signer(may_make=False, now=now)
    except SealKeyMissing:
        if newest_seal() is None:
            raise ValueError("nothing was sealed yet: the first seal makes a key") from None
    else:
        raise ValueError("the key is there: rotate it")
    providers.pin_first(now=now)  # or the first run of the new key would pin itself
    new_id = key_id(providers.next_signer().public_key)
    with transaction.atomic(durable=True):
        audit(
            actor_id=actor_id,
            event=REPLACED,
            subject=f"key:{new_id[:16]}",
            facts={"new_key": new_id},
            now=now,
        )
    providers.take_over()
    return new_id


@transaction.atomic(durable=True)
def _introduce(old: Signer, new: Signer, *, actor_id: int | None, now: datetime) -> int:
    """Write down that ``old`` introduces ``new``, once, and return the entry's id."""
    old_id, new_id = key_id(old.public_key), key_id(new.public_key)
    key = f"{ROTATED}:{old_id[:32]}:{new_id[:32]}"
    written = LedgerEntry.objects.filter(key=key).values_list("pk", flat=True).first()
    if written is not None:
        return written
    signature = old.sign(rotation_message(old_key=old_id, new_key=new_id))
    return audit(
        actor_id=actor_id,
        event=ROTATED,
        subject=f"key:{new_id[:16]}",
        facts={
            "old_key": old_id,
            "new_key": new_id,
            "signature_r": signature[:32].hex(),
            "signature_s": signature[32:].hex(),
        },
        key=key,
        now=now,
    ).entry_id
