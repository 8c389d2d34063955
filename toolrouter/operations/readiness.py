"""Noting what was proved of a provider, with its entry, in the caller's transaction."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from kernel.append_only import new_salt
from kernel.references import new_reference
from ledger.facts import FactValue
from toolrouter.connections import Connection
from toolrouter.enums import Scope
from toolrouter.models import ProviderReadiness
from toolrouter.models.readiness import VERIFIED
from toolrouter.operations.changes import audit
from toolrouter.operations.locking import lock_settings
from toolrouter.queries.readiness import is_same_key, is_same_place, newest_of
from toolrouter.vocabulary import Readiness


def note_readiness(
    provider: str,
    level: Readiness,
    connection: Connection,
    *,
    mode: str,
    actor_id: int | None,
    now: datetime,
    **proof: Any,
) -> ProviderReadiness:
    """Append what is known of a provider from now on; what proves nothing new is noted once.

    ``proof``: ``account_ref`` and ``livemode`` as the provider said them, or the ``code`` of its
    refusal. The fingerprint of a key stays the same while the key does, so that what was approved
    under it can still be compared. Whoever is claiming a call meanwhile is waited for, and whoever
    claims one afterwards reads this.
    """
    lock_settings(Scope.ACCOUNT, "")
    newest = newest_of(provider)
    row = ProviderReadiness(
        reference=new_reference("rdy"),
        provider=provider,
        level=level,
        mode=mode,
        account=connection.account,
        address=connection.address,
        noted_by_id=actor_id,
        noted_at=now,
        **_key_columns(newest, connection),
        **proof,
    )
    if newest is not None and level not in VERIFIED and _says_the_same(newest, row, connection):
        return newest
    row.save()
    facts: dict[str, FactValue] = {"level": level.value, "readiness_digest": digest_of(row)}
    audit("provider.noted", row.reference, facts=facts, actor_id=actor_id, now=now)
    return row


def digest_of(row: ProviderReadiness) -> str:
    """Return a digest of what the row says beside its level: ``ledger_rows`` makes it anew."""
    livemode = {None: "", True: "true", False: "false"}[row.livemode]
    said = (
        *(row.provider, row.mode, row.account, row.address, row.key_salt, row.key_digest),
        *(row.account_ref, livemode, row.code),
    )
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def _key_columns(newest: ProviderReadiness | None, connection: Connection) -> dict[str, str]:
    if connection.key_digest is None:
        return {}
    is_known = newest is not None and is_same_key(newest, connection)
    salt = newest.key_salt if newest is not None and is_known else new_salt()
    return {"key_salt": salt, "key_digest": connection.key_digest(salt)}


def _says_the_same(
    newest: ProviderReadiness, row: ProviderReadiness, connection: Connection
) -> bool:
    return (
        (newest.level, newest.code, newest.mode) == (row.level, row.code, row.mode)
        and is_same_place(newest, connection)
        and newest.key_digest == row.key_digest
        and newest.level != Readiness.ATTESTED
    )
