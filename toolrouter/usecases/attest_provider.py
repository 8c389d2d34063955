"""An owner vouches for a provider that no programme can ask, or takes that back."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from toolrouter.connections import provider_of
from toolrouter.operations.readiness import note_readiness
from toolrouter.vocabulary import Readiness


class NotToAttest(LookupError):
    """There is no such provider, or it can be asked itself."""


@transaction.atomic(durable=True)
def attest_provider(name: str, *, level: Readiness, actor_id: int, now: datetime) -> None:
    """Note that an owner vouches for the provider (ATTESTED), or no longer does (CONFIGURED).

    It holds until somebody says otherwise, or the account behind it is another. Raises NotToAttest.
    """
    provider = provider_of(name)
    connection = provider.connection() if provider else None
    if provider is None or provider.has_api or connection is None:
        raise NotToAttest(name)
    if level not in (Readiness.ATTESTED, Readiness.CONFIGURED):
        raise ValueError(f"{level} is nobody's word")
    note_readiness(
        name, level, connection, mode=settings.DEPLOYMENT_MODE, actor_id=actor_id, now=now
    )
