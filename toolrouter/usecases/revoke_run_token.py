"""A token lets nobody in any more."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from toolrouter.enums import TokenEnd
from toolrouter.models import RunToken
from toolrouter.operations.changes import audit


class NoSuchToken(LookupError):
    """There is no such token."""


@transaction.atomic(durable=True)
def revoke_run_token(*, token_ref: str, actor_id: int | None, now: datetime) -> tuple[str, bool]:
    """End a token before its time; return its run, and whether that changed anything.

    Raises NoSuchToken.
    """
    rows = RunToken.objects.select_for_update(no_key=True).select_related("grant")
    token = rows.filter(reference=token_ref).first()
    if token is None:
        raise NoSuchToken(token_ref)
    if token.ended_at is not None:
        return token.grant.run_ref, False
    token.ended_at, token.end_reason, token.ended_by_id = now, TokenEnd.REVOKED, actor_id
    token.save(update_fields=["ended_at", "end_reason", "ended_by"])
    audit(
        "run_token.revoked",
        token.reference,
        refs=[token.grant.reference, token.grant.run_ref],
        actor_id=actor_id,
        now=now,
    )
    return token.grant.run_ref, True
