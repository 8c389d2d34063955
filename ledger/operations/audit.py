"""Who did what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.conf import settings

from kernel.references import new_reference
from ledger.enums import EntryKind
from ledger.facts import FactValue
from ledger.operations.record import RecordedEntry, record


def audit(
    *,
    actor_id: int | None,
    event: str,
    subject: str,
    now: datetime,
    refs: Sequence[str] = (),
    facts: Mapping[str, FactValue] | None = None,
    mode: str | None = None,
    trace_ref: str = "",
    key: str | None = None,
    is_visitor: bool = False,
) -> RecordedEntry:
    """Append who did what, in the caller's transaction.

    ``actor_id`` is the person's user id; None the system itself, or with ``is_visitor`` somebody
    on a public page, whom nobody knows. ``mode`` is the deployment's
    unless the subject has one of its own. Without a ``key`` each call is a fact of its own.

    Raises as ``record`` does.
    """
    nobody = "visitor" if is_visitor else "system"
    actor = nobody if actor_id is None else f"user:{actor_id}"
    return record(
        key=key or f"audit:{new_reference('aud')}",
        kind=EntryKind.AUDIT,
        event=event,
        subject=subject,
        refs=refs,
        facts={"actor": actor, **(facts or {})},
        mode=mode or settings.DEPLOYMENT_MODE,
        trace_ref=trace_ref,
        occurred_at=now,
        now=now,
    )
