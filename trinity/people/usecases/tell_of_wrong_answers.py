"""The owners hear that somebody's answers at a decision were wrong five times."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger.operations import audit
from trinity.people.mails import queue_wrong_answers
from trinity.people.queries import active_owner_ids


@transaction.atomic(durable=True)
def tell_of_wrong_answers(*, user_id: int, now: datetime) -> None:
    """Record that this person decides nothing for a while, and queue word of it to each owner."""
    audit(actor_id=user_id, event="person.decisions_locked", subject=f"user:{user_id}", now=now)
    for owner_id in sorted(active_owner_ids()):
        queue_wrong_answers(owner_id=owner_id, user_id=user_id, now=now)
