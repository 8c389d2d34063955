"""What was made for a call is written down, by whoever heard of it first."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from toolrouter.enums import CallState, IncidentKind, Scope
from toolrouter.models import ToolCall
from toolrouter.models.calls import RUNNING
from toolrouter.operations.changes import By
from toolrouter.operations.claiming import effect_of
from toolrouter.operations.incidents import open_incident
from toolrouter.operations.settling import succeed
from toolrouter.ports import Made


def record_made(call_ref: str, made: Made, *, now: datetime) -> None:
    """Write down that a call is done. Told twice, it is written once.

    What was made of a call that had been given up is written down too, with an incident: the
    project stands still until somebody has looked.
    """
    with transaction.atomic(durable=True):
        call = ToolCall.objects.select_for_update(no_key=True).get(reference=call_ref)
        if call.state in RUNNING:
            succeed(call, effect_of(call), made, now=now)
            return
    with transaction.atomic(durable=True):
        if call.state == CallState.FAILED:
            open_incident(
                kind=IncidentKind.MISMATCH,
                scope=Scope.PROJECT,
                ref=call.project_ref,
                about_ref=call_ref,
                by=By(actor_id=None),
                now=now,
            )
            effect_of(call).record(call_ref, made, now=now)
