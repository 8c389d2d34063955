"""Lists and pages of relationships. Nothing here counts a big table."""

from __future__ import annotations

import unicodedata
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Q

from crm.enums import ActivityKind, DealStage
from crm.models import Activity, Company, Contact, Deal, TrappedRequest
from crm.policy import company_name_key, domain_key_or_none, email_key_or_none
from crm.queries.rows import (
    ActivityLine,
    CompanyRow,
    ContactRow,
    DealRow,
    activity_line,
    company_row,
    contact_row,
    deal_row,
    with_people,
)
from kernel.paging import Cursor, Page, page_of
from kernel.people import name_of

NoSuchDeal = Deal.DoesNotExist
NoSuchTrapped = TrappedRequest.DoesNotExist
TRAPPED_KEPT, TRAPPED_KEPT_MAX = TrappedRequest.KEPT, TrappedRequest.KEPT_MAX
ROWS_PER_PAGE: Final = 50
TIMELINE_LINES_MAX: Final = 100
RELATED_ROWS_MAX: Final = 50
COUNTED_MAX: Final = 100


def deals_page(
    *, cursor: Cursor, stage: str = "", mode: str = "", owner_id: int | None = None
) -> Page[DealRow]:
    """Return one page of deals, newest first; "" and None mean any. One statement."""
    narrowed: dict[str, Any] = {}
    if stage:
        narrowed["stage"] = stage
    if mode:
        narrowed["mode"] = mode
    if owner_id is not None:
        narrowed["owner_id"] = owner_id
    deals = with_people(Deal.objects.filter(**narrowed))
    return page_of(deals, cursor=cursor, limit=ROWS_PER_PAGE).map(deal_row)


def leads_page(*, cursor: Cursor, mode: str = "") -> Page[DealRow]:
    """Return one page of the leads that wait for an answer, newest first. One statement."""
    return deals_page(cursor=cursor, stage=DealStage.LEAD, mode=mode)


def trapped_requests() -> list[TrappedRequest]:
    """Return the requests that look like spam, newest first. One statement, a bounded table."""
    return list(TrappedRequest.objects.order_by("-id")[: TrappedRequest.KEPT_MAX])


def trapped_count() -> int:
    """Return how many requests look like spam. One statement, a bounded table."""
    return len(TrappedRequest.objects.values("pk")[: TrappedRequest.KEPT_MAX])


def trapped_refs_of(email: str) -> list[str]:
    """Return the references of the trapped requests that name this address. One statement."""
    key = email_key_or_none(email)
    found = TrappedRequest.objects.filter(email_key=key or "").order_by("pk")
    return list(found.values_list("reference", flat=True))


def wishes_of(deal_ids: list[int]) -> dict[int, str]:
    """Return what the visitors behind these leads wish, on one line, by deal. One statement."""
    said = Activity.objects.filter(deal_id__in=deal_ids, kind=ActivityKind.SNAPSHOT_REQUESTED)
    return {deal_id: _wish(words) for deal_id, words in said.values_list("deal_id", "words")}


def _wish(words: str) -> str:
    """Leave out who asks, which stands under the last empty line of a request."""
    return " ".join(words.rpartition("\n\n")[0].split())


def leads_waiting(*, modes: list[str]) -> int:
    """Return how many leads of ``modes`` wait, counting no further than COUNTED_MAX."""
    waiting = Deal.objects.filter(stage=DealStage.LEAD, mode__in=modes).values("pk")
    return len(waiting[:COUNTED_MAX])


def deal_by_reference(reference: str) -> DealRow | None:
    """Return one deal, or None. One statement."""
    deal = with_people(Deal.objects.filter(reference=reference)).first()
    return deal_row(deal) if deal else None


def deal_ref_of(deal_id: int) -> str:
    """Return the reference of the deal with that id, or "". One statement."""
    found = Deal.objects.filter(pk=deal_id).values_list("reference", flat=True)
    return next(iter(found), "")


def deals_of_contact(contact_id: int) -> list[DealRow]:
    """Return a contact's newest deals. One statement."""
    deals = with_people(Deal.objects.filter(contact_id=contact_id)).order_by("-pk")
    return [deal_row(deal) for deal in deals[:RELATED_ROWS_MAX]]


def deals_of_company(company_id: int) -> list[DealRow]:
    """Return a company's newest deals. One statement."""
    deals = with_people(Deal.objects.filter(company_id=company_id)).order_by("-pk")
    return [deal_row(deal) for deal in deals[:RELATED_ROWS_MAX]]


def contacts_page(*, cursor: Cursor) -> Page[ContactRow]:
    """Return one page of contacts, newest first. One statement."""
    contacts = Contact.objects.select_related("company")
    return page_of(contacts, cursor=cursor, limit=ROWS_PER_PAGE).map(contact_row)


def contact_by_reference(reference: str) -> ContactRow | None:
    """Return one contact, or None. One statement."""
    contact = Contact.objects.select_related("company").filter(reference=reference).first()
    return contact_row(contact) if contact else None


def contacts_of_company(company_id: int) -> list[ContactRow]:
    """Return a company's newest contacts. One statement."""
    contacts = Contact.objects.select_related("company").filter(company_id=company_id)
    return [contact_row(contact) for contact in contacts.order_by("-pk")[:RELATED_ROWS_MAX]]


def company_by_reference(reference: str) -> CompanyRow | None:
    """Return one company, or None. One statement."""
    company = Company.objects.filter(reference=reference).first()
    return company_row(company) if company else None


def find_contacts(text: str, *, limit: int) -> list[ContactRow]:
    """Return contacts whose address begins with ``text``, by address. One statement.

    A whole address is found however it is written: with capitals, or its domain in any script.
    """
    beginning = unicodedata.normalize("NFKC", text).strip().lower()
    if not beginning:
        return []
    is_it = Q(email_key__startswith=beginning)
    if (key := email_key_or_none(text)) is not None:
        is_it |= Q(email_key=key)
    found = Contact.objects.select_related("company").filter(is_it)
    return [contact_row(contact) for contact in found.order_by("email_key")[:limit]]


def find_companies(text: str, *, limit: int) -> list[CompanyRow]:
    """Return companies by name: first those that begin with ``text``, then whole words of it.

    Its whole web domain finds a company too, in any script.

    Two statements.
    """
    key = company_name_key(text)
    if not key:
        return []
    begins = Q(name_key__startswith=key)
    if (domain := domain_key_or_none(text)) is not None:
        begins |= Q(domain=domain)
    by_beginning = list(Company.objects.filter(begins).order_by("name_key")[:limit])
    known = {company.pk for company in by_beginning}
    words = SearchVector("name_key", config="simple")
    by_word = Company.objects.annotate(words=words).filter(words=SearchQuery(key, config="simple"))
    more = [company for company in by_word[:limit] if company.pk not in known]
    return [company_row(company) for company in [*by_beginning, *more][:limit]]


def timeline_of_deal(deal_id: int) -> list[ActivityLine]:
    """Return the newest lines of a deal, newest first. One statement."""
    return _timeline(Q(deal_id=deal_id))


def timeline_of_contact(contact_id: int) -> list[ActivityLine]:
    """Return the newest lines about a contact, newest first. One statement."""
    return _timeline(Q(contact_id=contact_id))


def timeline_of_company(company_id: int) -> list[ActivityLine]:
    """Return the newest lines of a company's newest deals, newest first. Two statements."""
    deals = Deal.objects.filter(company_id=company_id).order_by("-pk")
    return _timeline(Q(deal_id__in=list(deals.values_list("pk", flat=True)[:RELATED_ROWS_MAX])))


def _timeline(whose: Q) -> list[ActivityLine]:
    """Read lines; one statement more where the timeline names owners."""
    found = Activity.objects.filter(whose).select_related("deal", "actor").order_by("-pk")
    lines = list(found[:TIMELINE_LINES_MAX])
    named = {line.refs["owner"] for line in lines if "owner" in line.refs}
    owners = (
        {
            f"user_{person.pk}": name_of(person)
            for person in get_user_model().objects.filter(pk__in=[ref[5:] for ref in named])
        }
        if named
        else {}
    )
    return [activity_line(line, owners=owners) for line in lines]


def possible_owners() -> list[tuple[int, str]]:
    """Return the people who may own a deal, by name. A few rows."""
    people = get_user_model().objects.with_perm("crm.work_deal")
    return sorted(((person.pk, name_of(person)) for person in people), key=lambda one: one[1])
