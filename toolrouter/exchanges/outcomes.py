"""What was made for a call is written down, by whoever heard of it first."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from toolrouter.enums import CallState, IncidentKind, Scope
from toolrouter.models import ToolCall
from toolrouter.models.calls import RUNNING
from toolrouter.operations.changes import By
from toolrouter.operations.claiming import call_of, effect_of, operation_of, stored_arguments
from toolrouter.operations.incidents import open_incident
from toolrouter.operations.locking import lock_settings
from toolrouter.operations.settling import succeed
from toolrouter.ports import Made, NotPossible

NOT_BOOKED: Final = "It was made before the database was restored, and cannot be booked here."


def record_made(call_ref: str, made: Made, *, now: datetime) -> None:
    """Write down that a call is done. Told twice, it is written once.

    What was made of a call that had been given up is written down too, with an incident: the
    project stands still until somebody has looked.
    """
    with transaction.atomic(durable=True):
        known = ToolCall.objects.get(reference=call_ref)
        if known.claimed_at is None:
            _hold_subject(known)
        call = ToolCall.objects.select_for_update(no_key=True).get(pk=known.pk)
        if call.state in RUNNING:
            is_booked = call.claimed_at is not None or _book_again(call, now=now)
            succeed(call, effect_of(call), made, now=now, is_booked=is_booked)
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


def _hold_subject(call: ToolCall) -> None:
    """Hold in the house's order what booking a call anew needs, and the project's settings."""
    standing = operation_of(call).standing
    if standing is not None:
        standing(call.project_ref, call.subject_ref)
    lock_settings(Scope.PROJECT, call.project_ref)


def _book_again(call: ToolCall, *, now: datetime) -> bool:
    """Write our row of what a call made before a restore took that row away; say whether we could.

    Where what it is about stands otherwise by now, an incident says so.
    """
    arguments = stored_arguments(call).arguments
    if arguments is not None:
        try:
            with transaction.atomic():
                effect_of(call).book_found(arguments, call_of(call, now=now))
        except NotPossible:
            pass  # the incident says so
        else:
            return True
    open_incident(
        kind=IncidentKind.MISMATCH,
        scope=Scope.PROJECT,
        ref=call.project_ref,
        about_ref=call.reference,
        by=By(actor_id=None, reason=NOT_BOOKED),
        now=now,
    )
    return False
