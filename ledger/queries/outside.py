"""What is kept outside the database, for who looks after it: pins and heads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from ledger import providers
from ledger.ports import PinsUnreadable, key_id
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


def is_rotation_under_way() -> bool:
    """Say whether a rotation of the key was begun and has not come to its end."""
    return providers.has_next_signer()
