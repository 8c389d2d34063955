"""Somebody stops what agents do: in the account, in a project, or in one run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from kernel.references import new_reference
from toolrouter.enums import Scope, TokenEnd
from toolrouter.models import RunToken, Stop
from toolrouter.models.reasons import reason_columns
from toolrouter.operations.changes import By, audit
from toolrouter.operations.ending import close_waiting
from toolrouter.operations.locking import lock_settings
from toolrouter.operations.seats import close_seats_of
from toolrouter.queries.left import of_scope
from toolrouter.telling import tell_of_halt


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """The stop that stands now, and how many tokens it ended."""

    reference: str
    stopped_at: datetime
    is_new: bool
    tokens_ended: int


@transaction.atomic(durable=True)
def stop(*, scope: Scope, ref: str, by: By, now: datetime) -> Stopped:
    """Stop the account, a project or a run, until an owner releases it.

    Whoever is deciding about a call meanwhile is waited for; nothing is claimed afterwards. Every
    token of it ends, each seat is closed to it, and both are answered in words from then on; what
    waits for people, or was approved and not begun, is denied in the same commit. Stopped already:
    nothing changes.
    Needs the database alone. Raises NoSuchScope.
    """
    settings = lock_settings(scope, ref)
    if settings.stopped_at is not None:
        standing = Stop.objects.get(scope=scope, ref=ref, released_at=None)
        return Stopped(
            reference=standing.reference,
            stopped_at=standing.stopped_at,
            is_new=False,
            tokens_ended=0,
        )
    tokens_ended = _end_tokens(scope, ref, by=by, now=now)
    close_seats_of(of_scope(scope, ref), now=now)
    close_waiting(scope, ref, now=now)
    settings.stopped_at = settings.changed_at = now
    settings.save(update_fields=["stopped_at", "changed_at"])
    made = Stop.objects.create(
        reference=new_reference("stp"),
        scope=scope,
        ref=ref,
        stopped_by_id=by.actor_id,
        stopped_at=now,
        tokens_ended=tokens_ended,
        **reason_columns(by.reason),
    )
    audit(
        "agents.stopped",
        made.reference,
        refs=[ref] if ref else [],
        facts={
            "scope": scope,
            "tokens": tokens_ended,
            "reason_digest": made.reason_digest,
        },
        actor_id=by.actor_id,
        now=now,
    )
    tell_of_halt(actor_id=by.actor_id, now=now)
    return Stopped(reference=made.reference, stopped_at=now, is_new=True, tokens_ended=tokens_ended)


def _end_tokens(scope: Scope, ref: str, *, by: By, now: datetime) -> int:
    open_ones = RunToken.objects.filter(ended_at=None, expires_at__gt=now, **of_scope(scope, ref))
    return open_ones.update(ended_at=now, end_reason=TokenEnd.STOPPED, ended_by=by.actor_id)
