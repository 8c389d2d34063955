"""The pages of a deal, a contact and a company: each with one timeline."""

from __future__ import annotations

import secrets
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from console import timeline
from crm import queries as crm
from fulfillment import queries as fulfillment
from kernel.permissions import needs
from revenue import queries as revenue

RUNS_TOLD_MAX: Final = 3  # a deal has one run; a double payment makes a second


@needs("crm.view_deal")
@never_cache  # the form that sells carries a key of its own
@require_safe
def deal(request: HttpRequest, deal_ref: str) -> HttpResponse:
    """Show one deal: what to do next, what was sold through it, and all that happened."""
    found = crm.deal_by_reference(deal_ref)
    if found is None:
        raise Http404(deal_ref)
    runs = [intake.run for intake in fulfillment.intakes_of_deal(found.id) if intake.run]
    context: dict[str, Any] = {
        "nav": "lead-list" if found.is_lead else "deal-list",
        "deal": found,
        "sales": revenue.sales_of_deal(found.id),
        "runs": runs,
        "lines": timeline.merged(
            *(
                timeline.of_run(run.reference, fulfillment.events_of_run(run.id), mode=run.mode)
                for run in runs[:RUNS_TOLD_MAX]
            ),
            timeline.of_activities(crm.timeline_of_deal(found.id), is_deal_named=False),
        ),
        "owners": crm.possible_owners(),
        "projects": crm.projects() if request.user.has_perm("crm.manage_projects") else [],
        "offers": revenue.sellable_offers() if found.is_sellable else [],
        "form_key": secrets.token_hex(16),
    }
    return render(request, "console/deal.html", context)


@needs("crm.view_contact")
@require_safe
def contact(request: HttpRequest, contact_ref: str) -> HttpResponse:
    """Show one contact, with every deal and one timeline over all of them."""
    found = crm.contact_by_reference(contact_ref)
    if found is None:
        raise Http404(contact_ref)
    lines = timeline.of_activities(crm.timeline_of_contact(found.id), is_deal_named=True)
    context = {
        "nav": "contact-list",
        "contact": found,
        "deals": crm.deals_of_contact(found.id),
        "lines": lines,
    }
    return render(request, "console/contact.html", context)


@needs("crm.view_contact")
@require_safe
def company(request: HttpRequest, company_ref: str) -> HttpResponse:
    """Show one company, with its people, its deals and one timeline over all of them."""
    found = crm.company_by_reference(company_ref)
    if found is None:
        raise Http404(company_ref)
    lines = timeline.of_activities(crm.timeline_of_company(found.id), is_deal_named=True)
    context = {
        "nav": "contact-list",
        "company": found,
        "contacts": crm.contacts_of_company(found.id),
        "deals": crm.deals_of_company(found.id),
        "lines": lines,
    }
    return render(request, "console/company.html", context)
