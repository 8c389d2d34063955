"""What people call the records that a reference names."""

from __future__ import annotations

from collections.abc import Iterable

from crm.models import Company, Contact, Deal


def names_of(refs: Iterable[str]) -> dict[str, str]:
    """Return the names of those deals, contacts and companies that there are. Three statements.

    Of a person: whoever may see such records may read them.
    """
    wanted = list(refs)
    deals = Deal.objects.filter(reference__in=wanted).select_related("company")
    contacts = Contact.objects.filter(reference__in=wanted)
    companies = Company.objects.filter(reference__in=wanted)
    return {
        **{deal.reference: f"Deal with {deal.company.name}" for deal in deals if deal.company},
        **dict(contacts.exclude(name="").values_list("reference", "name")),
        **dict(companies.exclude(name="").values_list("reference", "name")),
    }
