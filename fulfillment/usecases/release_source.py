"""A person lets a run have the words of a page in which the firewall found something."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from fulfillment.enums import SourceState
from fulfillment.models import Source
from ledger import operations as ledger


class NotQuarantined(Exception):
    """There is no such source, or it was released already, or its words are gone."""


@transaction.atomic(durable=True)
def release_source(*, source_ref: str, actor_id: int | None, now: datetime) -> None:
    """Release a quarantined source to its run, by a person, for good. Raises NotQuarantined."""
    held = Source.objects.select_for_update(of=("self",), no_key=True).select_related("run")
    source = held.filter(reference=source_ref).first()
    if source is None or source.state != SourceState.QUARANTINED or not source.text_salt:
        raise NotQuarantined(source_ref)
    source.move(SourceState.RELEASED, released_at=now, released_by_id=actor_id)
    ledger.audit(
        actor_id=actor_id,
        event="source.released",
        subject=source.reference,
        refs=[source.run.reference],
        mode=source.mode,
        trace_ref=source.run.trace_ref,
        now=now,
    )
