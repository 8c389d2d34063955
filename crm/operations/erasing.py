"""Erase a person's data: what is personal goes, what happened stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db.models import F, Q

from crm.models import Activity, Company, Contact, Deal, TrappedRequest
from crm.policy import email_key_or_none

ERASED_TITLE: Final = "Erased"


def lock_contacts(contact_ids: Sequence[int]) -> None:
    """Hold these contacts and their deals, in that order, until the caller's transaction ends."""
    contacts = Contact.objects.select_for_update().filter(pk__in=contact_ids)
    list(contacts.order_by("pk").values_list("pk"))
    deals = Deal.objects.select_for_update(no_key=True).filter(contact__in=contact_ids)
    list(deals.order_by("pk").values_list("pk"))


def erase_subject(*, email: str, now: datetime, contact_ids: Sequence[int] = ()) -> list[str]:
    """Blank all that crm holds about the person of that address; return the references touched.

    ``contact_ids`` are contacts that are theirs without bearing the address, as where it cannot
    be read. Name, address, customer id, the words of the timeline with their salts, and the titles
    of the deals; their companies too where nobody else is known there. Stages, amounts, times and
    references stay. Nobody of that address: nothing happens. Repeating changes nothing.
    """
    key = email_key_or_none(email)
    is_theirs = Q(pk__in=contact_ids)
    if key is not None:
        is_theirs |= Q(email_key=key)
        TrappedRequest.objects.filter(email_key=key).delete()
    contacts = Contact.objects.select_for_update().filter(is_theirs, is_sample=False)
    return [ref for contact in contacts.order_by("pk") for ref in _erase_contact(contact, now)]


def _erase_contact(contact: Contact, now: datetime) -> list[str]:
    touched = [contact.reference]
    contact.name = contact.email = contact.stripe_customer_id = ""
    contact.email_key, contact.erased_at = None, now
    contact.save()
    theirs = Q(contact=contact) | Q(deal__contact=contact)
    Activity.objects.filter(theirs).exclude(words="").update(words="", words_salt="")
    deals = Deal.objects.filter(contact=contact)
    touched += deals.values_list("reference", flat=True)
    deals.update(title=ERASED_TITLE)
    named = {contact.company_id, *deals.values_list("company_id", flat=True)}
    return touched + _erase_companies_of_one([each for each in named if each is not None])


def _erase_companies_of_one(company_ids: Sequence[int]) -> list[str]:
    """Blank companies in which nobody else is known: their names may be a person's."""
    is_others = Q(contacts__erased_at__isnull=True, contacts__isnull=False) | Q(
        deals__contact__erased_at__isnull=True, deals__isnull=False
    )
    companies = Company.objects.filter(pk__in=company_ids).exclude(
        pk__in=Company.objects.filter(is_others, pk__in=company_ids).values("pk")
    )
    companies.update(name=ERASED_TITLE, name_key=F("reference"), domain="", website="")
    return list(companies.order_by("pk").values_list("reference", flat=True))
