"""Erase a person's data: what is personal goes, what happened stays."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db.models import F, Q

from crm.models import Activity, Company, Contact, Deal
from crm.policy import email_key_or_none

ERASED_TITLE: Final = "Erased"


def erase_subject(*, email: str, now: datetime) -> list[str]:
    """Blank all that crm holds about the person of that address; return the references touched.

    Name, address, customer id, the words of the timeline with their salts, and the titles of the
    deals; the company too where nobody else is known there. Stages, amounts, times and references
    stay. Nobody of that address: nothing happens. Repeating changes nothing.
    """
    key = email_key_or_none(email)
    if key is None:
        return []
    contact = Contact.objects.select_for_update().filter(email_key=key, is_sample=False).first()
    if contact is None:
        return []
    touched = [contact.reference]
    contact.name = contact.email = contact.stripe_customer_id = ""
    contact.email_key, contact.erased_at = None, now
    contact.save()
    theirs = Q(contact=contact) | Q(deal__contact=contact)
    Activity.objects.filter(theirs).exclude(words="").update(words="", words_salt="")
    deals = Deal.objects.filter(contact=contact)
    touched += deals.values_list("reference", flat=True)
    deals.update(title=ERASED_TITLE)
    if contact.company_id is not None:
        touched += _erase_company_of_one(contact.company_id)
    return touched


def _erase_company_of_one(company_id: int) -> list[str]:
    """Blank a company that nobody else belongs to: its name may be a person's."""
    if Contact.objects.filter(company_id=company_id, erased_at__isnull=True).exists():
        return []
    companies = Company.objects.filter(pk=company_id)
    companies.update(name=ERASED_TITLE, name_key=F("reference"), domain="", website="")
    return list(companies.values_list("reference", flat=True))
