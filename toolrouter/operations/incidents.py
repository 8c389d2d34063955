"""An incident: something that a person must look into, and that holds everything meanwhile."""

from __future__ import annotations

from datetime import datetime

from kernel.references import new_reference
from toolrouter.enums import IncidentKind, Scope
from toolrouter.models import Incident
from toolrouter.models.reasons import reason_columns
from toolrouter.operations.changes import By, audit
from toolrouter.operations.locking import lock_settings
from toolrouter.telling import tell_of_halt


def open_incident(
    *,
    kind: IncidentKind,
    scope: Scope,
    ref: str,
    by: By,
    now: datetime,
    about_ref: str = "",
) -> str:
    """Open an incident, hold what it is about until an owner closes it, and return its reference.

    Raises NoSuchScope.
    """
    settings = lock_settings(scope, ref)
    incident = Incident.objects.create(
        reference=new_reference("inc"),
        kind=kind,
        scope=scope,
        ref=ref,
        about_ref=about_ref,
        opened_by_id=by.actor_id,
        opened_at=now,
        **reason_columns(by.reason),
    )
    settings.held_at = settings.held_at or now
    settings.changed_at = now
    settings.save(update_fields=["held_at", "changed_at"])
    audit(
        "incident.opened",
        incident.reference,
        refs=[each for each in (ref, about_ref) if each],
        facts={
            "scope": scope,
            "incident": kind,
            "reason_digest": incident.reason_digest,
        },
        actor_id=by.actor_id,
        now=now,
    )
    tell_of_halt(actor_id=by.actor_id, now=now)
    return incident.reference
