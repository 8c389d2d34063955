"""An owner says how much may be spent."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kernel.money import Money
from toolrouter.operations.changes import SETTINGS_SCOPE, By, CapKey, set_cap
from toolrouter.operations.locking import lock_settings
from toolrouter.outbox import tell_owners


@transaction.atomic(durable=True)
def change_cap(*, key: CapKey, limit: Money, by: By, now: datetime) -> bool:
    """Let the cap of ``key`` be ``limit``; say whether that changed anything.

    Whoever is deciding about a spend under it is waited for. A project's cap for each run is
    copied by runs that begin from then on; those that have begun keep theirs. Every owner is told.
    Raises NoSuchScope.
    """
    lock_settings(SETTINGS_SCOPE[key.scope], key.ref)
    change = set_cap(key, limit=limit, by=by, now=now)
    tell_owners([change] if change else [], now=now)
    return bool(change)
