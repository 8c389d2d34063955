"""Emptying filed events: after their time, or for one person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from crm import queries as crm
from ledger import operations as ledger
from revenue.operations.emptying import empty_events
from revenue.ports import PaymentGateway
from revenue.queries.bodies import bodies_about, bodies_older_than

BATCH: Final = 200
BATCHES_MAX: Final = 500  # of one run; the next day's goes on


class NoSuchContact(Exception):
    """Nobody is known under this reference."""


def empty_old_bodies(*, gateway: PaymentGateway, kept: timedelta, now: datetime) -> int:
    """Empty every event that was received longer than ``kept`` ago; return how many.

    A batch per transaction, oldest first. Whoever replays one of them later reads its object
    from Stripe.
    """
    emptied = 0
    for _ in range(BATCHES_MAX):
        event_ids = bodies_older_than(now - kept, limit=BATCH)
        if not event_ids:
            break
        with transaction.atomic(durable=True):
            emptied += empty_events(event_ids, digest=gateway.fact_digest, now=now)
    return emptied


def _empty_in_batches(event_ids: Sequence[int], *, gateway: PaymentGateway, now: datetime) -> int:
    """Empty these events, a batch per transaction; return how many were not empty before."""
    emptied = 0
    for start in range(0, len(event_ids), BATCH):
        with transaction.atomic(durable=True):
            emptied += empty_events(
                event_ids[start : start + BATCH], digest=gateway.fact_digest, now=now
            )
    return emptied


def empty_bodies_of(
    contact_ref: str, *, gateway: PaymentGateway, actor_id: int | None, now: datetime
) -> int:
    """Empty every event that tells something about one person; return how many.

    Who asked for it and how many there were is written to the ledger. Raises NoSuchContact.
    """
    contact = crm.contact_by_reference(contact_ref)
    if contact is None:
        raise NoSuchContact(contact_ref)
    event_ids = bodies_about(contact_ids=[contact.id], emails=[contact.email])
    emptied = _empty_in_batches(event_ids, gateway=gateway, now=now)
    with transaction.atomic(durable=True):
        ledger.audit(
            actor_id=actor_id,
            event="events.emptied",
            subject=contact_ref,
            facts={"events": emptied},
            now=now,
        )
    return emptied
