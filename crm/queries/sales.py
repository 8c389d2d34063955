"""What a sale wants to know of the relationship it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from crm.enums import DEALS, DealStage
from crm.models import Contact, Deal
from crm.policy import email_key_or_none
from kernel.modes import Mode
from kernel.money import Money
from kernel.state_words import OperatorWords


@dataclass(frozen=True, slots=True, kw_only=True)
class DealForSale:
    """A deal as the sale sees it."""

    id: int
    reference: str
    trace_ref: str
    mode: str
    stage: str
    title: str
    offer_id: int | None
    contact_id: int
    contact_ref: str
    email: str
    name: str
    company: str
    created_at: datetime
    contact_created_at: datetime

    @property
    def state_words(self) -> OperatorWords:
        """Return what its stage says to operators."""
        return DEALS[self.stage]

    @property
    def is_sellable(self) -> bool:
        """Say whether a checkout may be prepared: accepted, and neither won nor lost."""
        return self.stage in (DealStage.QUALIFIED, DealStage.PROPOSAL, DealStage.CHECKOUT)


def _for_sale(deals: QuerySet[Deal]) -> list[DealForSale]:
    return [
        DealForSale(
            id=deal.pk,
            reference=deal.reference,
            trace_ref=deal.trace_ref,
            mode=deal.mode,
            stage=deal.stage,
            title=deal.title,
            offer_id=deal.offer_id,
            contact_id=deal.contact_id,
            contact_ref=deal.contact.reference,
            email=deal.contact.email,
            name=deal.contact.name,
            company=deal.company.name if deal.company else "",
            created_at=deal.created_at,
            contact_created_at=deal.contact.created_at,
        )
        for deal in deals.select_related("contact", "company")
    ]


def deal_for_sale(deal_ref: str) -> DealForSale | None:
    """Return the deal of that reference, or None. One statement."""
    return next(iter(_for_sale(Deal.objects.filter(reference=deal_ref))), None)


def deals_by_trace(trace_ref: str) -> list[DealForSale]:
    """Return the deals of a trace, at most one per mode, oldest first. One statement."""
    return _for_sale(Deal.objects.filter(trace_ref=trace_ref).order_by("pk"))


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownContact:
    """Who an address belongs to."""

    id: int
    reference: str
    name: str
    email: str


def contact_by_email(email: str) -> KnownContact | None:
    """Return the (real) contact of that address, however it is written, or None."""
    key = email_key_or_none(email)
    if key is None:
        return None
    contact = Contact.objects.filter(email_key=key, is_sample=False).first()
    if contact is None:
        return None
    return KnownContact(
        id=contact.pk, reference=contact.reference, name=contact.name, email=contact.email
    )


def contacts_without_address(contact_ids: Sequence[int]) -> list[int]:
    """Return those of these (real) contacts of whom no readable address is known. One statement."""
    contacts = Contact.objects.filter(
        pk__in=contact_ids, email_key=None, erased_at=None, is_sample=False
    )
    return list(contacts.order_by("pk").values_list("pk", flat=True))


def contact_refs(contact_ids: Sequence[int]) -> list[str]:
    """Return what these contacts are called. One statement."""
    contacts = Contact.objects.filter(pk__in=contact_ids).order_by("pk")
    return list(contacts.values_list("reference", flat=True))


def deal_refs(contact_ids: Sequence[int]) -> dict[int, str]:
    """Return what the deals of these contacts are called, by id, newest first. One statement."""
    deals = Deal.objects.filter(contact__in=contact_ids).order_by("-pk")
    return dict(deals.values_list("pk", "reference"))


def trace_refs(contact_ids: Sequence[int]) -> list[str]:
    """Return the sales of these contacts by their trace. One statement."""
    return list(Deal.objects.filter(contact__in=contact_ids).values_list("trace_ref", flat=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSale:
    """A won sample deal, for which a sample order can be made under ``order_ref``."""

    deal_id: int
    contact_id: int
    trace_ref: str
    order_ref: str
    project_ref: str
    amount: Money
    won_at: datetime


def sample_sales(*, after_deal_id: int, limit: int) -> list[SampleSale]:
    """Return the won sample deals with ids above ``after_deal_id``, by id. One statement."""
    won = Deal.objects.filter(mode=Mode.SAMPLE, stage=DealStage.WON, pk__gt=after_deal_id)
    return [
        SampleSale(
            deal_id=deal.pk,
            contact_id=deal.contact_id,
            trace_ref=deal.trace_ref,
            order_ref=deal.won_order_ref or "",
            project_ref=deal.project.reference,
            amount=deal.amount or Money.zero("USD"),
            won_at=deal.stage_since,
        )
        for deal in won.select_related("project").order_by("pk")[:limit]
    ]
