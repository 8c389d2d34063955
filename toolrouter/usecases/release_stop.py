"""An owner lets go on what somebody stopped."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from toolrouter.enums import Scope
from toolrouter.models import Stop
from toolrouter.models.reasons import reason_columns
from toolrouter.operations.changes import By, audit
from toolrouter.operations.locking import lock_settings


class NotStopped(Exception):
    """Nothing is stopped there, or somebody has released it meanwhile."""


@transaction.atomic(durable=True)
def release_stop(*, stop_ref: str, by: By, now: datetime) -> None:
    """Release a stop. Tokens that it ended stay ended. Raises NotStopped."""
    known = Stop.objects.filter(reference=stop_ref).first()
    if known is None:
        raise NotStopped(stop_ref)
    settings = lock_settings(Scope(known.scope), known.ref)
    stop = Stop.objects.select_for_update(no_key=True).get(pk=known.pk)
    if stop.released_at is not None:
        raise NotStopped(stop_ref)
    why = reason_columns(by.reason, named="release_reason")
    Stop.objects.filter(pk=stop.pk).update(released_at=now, released_by=by.actor_id, **why)
    settings.stopped_at, settings.changed_at = None, now
    settings.save(update_fields=["stopped_at", "changed_at"])
    audit(
        "agents.released",
        stop.reference,
        refs=[stop.ref] if stop.ref else [],
        facts={"scope": stop.scope, "reason_digest": why["release_reason_digest"]},
        actor_id=by.actor_id,
        now=now,
    )
