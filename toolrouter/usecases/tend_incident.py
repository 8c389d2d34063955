"""A person opens an incident, or an owner closes one."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from toolrouter.enums import IncidentKind, Scope
from toolrouter.models import Incident
from toolrouter.models.reasons import reason_columns
from toolrouter.operations import incidents
from toolrouter.operations.changes import By, audit
from toolrouter.operations.locking import lock_settings


class NotOpen(Exception):
    """There is no such incident, or somebody has closed it meanwhile."""


@transaction.atomic(durable=True)
def open_incident(*, kind: IncidentKind, scope: Scope, ref: str, by: By, now: datetime) -> str:
    """Open an incident and return its reference: what it is about stands still until it is closed.

    Raises NoSuchScope.
    """
    return incidents.open_incident(kind=kind, scope=scope, ref=ref, by=by, now=now)


@transaction.atomic(durable=True)
def close_incident(*, incident_ref: str, by: By, now: datetime) -> None:
    """Close an incident; the last one that is open of its scope lifts the hold. Raises NotOpen."""
    known = Incident.objects.filter(reference=incident_ref).first()
    if known is None:
        raise NotOpen(incident_ref)
    settings = lock_settings(Scope(known.scope), known.ref)
    incident = Incident.objects.select_for_update(no_key=True).get(pk=known.pk)
    if incident.closed_at is not None:
        raise NotOpen(incident_ref)
    why = reason_columns(by.reason, named="close_reason")
    Incident.objects.filter(pk=incident.pk).update(closed_at=now, closed_by=by.actor_id, **why)
    others = Incident.objects.filter(scope=incident.scope, ref=incident.ref, closed_at=None)
    settings.held_at = settings.held_at if others.exists() else None
    settings.changed_at = now
    settings.save(update_fields=["held_at", "changed_at"])
    audit(
        "incident.closed",
        incident.reference,
        refs=[incident.ref] if incident.ref else [],
        facts={
            "scope": incident.scope,
            "incident": incident.kind,
            "reason_digest": why["close_reason_digest"],
        },
        actor_id=by.actor_id,
        now=now,
    )
