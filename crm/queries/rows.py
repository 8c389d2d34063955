"""Rows of crm as pages and other apps see them: plain values, no way back to the tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import QuerySet

from crm.enums import AGENT_KINDS, DEALS, MOVES_BY_HAND, ActivityKind, DealStage
from crm.models import Activity, Company, Contact, Deal
from kernel.money import Money
from kernel.people import name_of
from kernel.state_words import OperatorWords

IN_THE_TITLE: Final = ("owner", "stage")  # refs of an activity that its title says in words


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyRow:
    """A company."""

    id: int
    reference: str
    name: str
    domain: str
    website: str
    is_sample: bool
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRow:
    """A contact, with the company where one is known."""

    id: int
    reference: str
    name: str
    email: str
    stripe_customer_id: str
    is_sample: bool
    erased_at: datetime | None
    created_at: datetime
    company: CompanyRow | None

    @property
    def called(self) -> str:
        """Return what to call this person: the name, else the address, else the reference."""
        return self.name or self.email or self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class DealRow:
    """A deal, with its contact, company and owner."""

    id: int
    reference: str
    title: str
    project: str
    project_ref: str
    stage: str
    stage_since: datetime
    mode: str
    trace_ref: str
    amount: Money | None
    offer_id: int | None
    won_order_ref: str
    owner_id: int | None
    owner: str
    contact: ContactRow
    company: CompanyRow | None
    created_at: datetime

    @property
    def state_words(self) -> OperatorWords:
        """Return what its stage says to operators."""
        return DEALS[self.stage]

    @property
    def is_lead(self) -> bool:
        """Say whether somebody still has to accept or decline."""
        return self.stage == DealStage.LEAD

    @property
    def is_sellable(self) -> bool:
        """Say whether a checkout may be prepared: accepted, and neither won nor lost."""
        return self.stage in (DealStage.QUALIFIED, DealStage.PROPOSAL, DealStage.CHECKOUT)

    @property
    def moves_by_hand(self) -> list[DealStage]:
        """Return where a person may move the deal, in the order of a deal's life."""
        allowed = MOVES_BY_HAND[self.stage]
        return [stage for stage in DealStage if stage in allowed]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityLine:
    """One line of the timeline."""

    id: int
    reference: str
    kind: str
    title: str
    refs: Mapping[str, str]
    amount: Money | None
    mode: str
    actor: str
    words: str
    are_words_erased: bool
    occurred_at: datetime
    deal_ref: str

    @property
    def is_agents(self) -> bool:
        """Say whether an agent wrote the words."""
        return self.kind in AGENT_KINDS


def company_row(company: Company) -> CompanyRow:
    """Read one company."""
    return CompanyRow(
        id=company.pk,
        reference=company.reference,
        name=company.name,
        domain=company.domain,
        website=company.website,
        is_sample=company.is_sample,
        created_at=company.created_at,
    )


def contact_row(contact: Contact) -> ContactRow:
    """Read one contact, whose company must be there too (``select_related``)."""
    return ContactRow(
        id=contact.pk,
        reference=contact.reference,
        name=contact.name,
        email=contact.email,
        stripe_customer_id=contact.stripe_customer_id,
        is_sample=contact.is_sample,
        erased_at=contact.erased_at,
        created_at=contact.created_at,
        company=company_row(contact.company) if contact.company else None,
    )


def with_people(deals: QuerySet[Deal]) -> QuerySet[Deal]:
    """Return ``deals`` with all that ``deal_row`` reads, in one statement."""
    return deals.select_related("contact__company", "company", "owner", "project")


def deal_row(deal: Deal) -> DealRow:
    """Read one deal of ``with_people``."""
    return DealRow(
        id=deal.pk,
        reference=deal.reference,
        title=deal.title,
        project=deal.project.name,
        project_ref=deal.project.reference,
        stage=deal.stage,
        stage_since=deal.stage_since,
        mode=deal.mode,
        trace_ref=deal.trace_ref,
        amount=deal.amount,
        offer_id=deal.offer_id,
        won_order_ref=deal.won_order_ref or "",
        owner_id=deal.owner_id,
        owner=name_of(deal.owner),
        contact=contact_row(deal.contact),
        company=company_row(deal.company) if deal.company else None,
        created_at=deal.created_at,
    )


def activity_line(activity: Activity, *, owners: Mapping[str, str]) -> ActivityLine:
    """Read one line, whose deal and actor must be there too (``select_related``).

    ``owners`` names the people that lines of the kind "owner assigned" refer to.
    """
    says = owners.get(activity.refs.get("owner", ""), "") or _stage_words(activity)
    amount = None
    if activity.amount_minor is not None and activity.currency is not None:
        amount = Money(activity.amount_minor, activity.currency)
    return ActivityLine(
        id=activity.pk,
        reference=activity.reference,
        kind=activity.kind,
        title=str(ActivityKind(activity.kind).label) + (f": {says}" if says else ""),
        refs={name: ref for name, ref in activity.refs.items() if name not in IN_THE_TITLE},
        amount=amount,
        mode=activity.mode,
        actor=name_of(activity.actor),
        words=activity.words,
        are_words_erased=bool(activity.words_digest) and not activity.words,
        occurred_at=activity.occurred_at,
        deal_ref=activity.deal.reference,
    )


def _stage_words(activity: Activity) -> str:
    """Say where a deal was moved to; "" where the line does not know."""
    stage = activity.refs.get("stage", "").removeprefix("stage_")
    return f"to {DealStage(stage).label}" if stage else ""
