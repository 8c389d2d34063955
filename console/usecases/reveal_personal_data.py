"""A person looks behind the trace at who bought; that somebody looked is written down first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from crm import queries as crm
from ledger import operations as ledger
from revenue import queries as revenue


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalData:
    """Who a record is about."""

    reference: str
    name: str
    email: str
    company: str = ""


def people_of(trace_ref: str) -> Sequence[PersonalData]:
    """Return the people of one sale. Only for whoever's asking is recorded already."""
    deals = crm.deals_by_trace(trace_ref)
    orders = revenue.sale_orders(trace_ref=trace_ref, deal_ids=[deal.id for deal in deals])
    return [
        PersonalData(
            reference=deal.contact_ref, name=deal.name, email=deal.email, company=deal.company
        )
        for deal in deals
    ] + [
        PersonalData(reference=order.reference, name=order.buyer_name, email=order.buyer_email)
        for order in orders
    ]


@transaction.atomic(durable=True)
def reveal_personal_data(*, trace_ref: str, actor_id: int, now: datetime) -> bool:
    """Record who asked for the people of one sale; say whether any is known.

    The audit entry holds references only. Nothing is recorded where nobody is known.
    """
    people = people_of(trace_ref)
    if people:
        ledger.audit(
            actor_id=actor_id,
            event="personal_data.revealed",
            subject=trace_ref,
            refs=[person.reference for person in people],
            trace_ref=trace_ref,
            now=now,
        )
    return bool(people)
