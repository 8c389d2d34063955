"""Lists of crm's own rows."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from crm import queries
from crm.forms import ContactFilterForm, DealFilterForm, LeadFilterForm
from crm.queries.lists import TRAPPED_KEPT, TRAPPED_KEPT_MAX
from kernel.paging import Cursor
from kernel.permissions import needs

FOUND_MAX: Final = 50


@needs("crm.view_deal")
@require_safe
def lead_list(request: HttpRequest) -> HttpResponse:
    """List the leads that wait for an answer, newest first. Three statements."""
    form = LeadFilterForm(request.GET)
    page = queries.leads_page(cursor=Cursor.from_query(request.GET), mode=form.chosen_mode())
    wishes = queries.wishes_of([lead.id for lead in page.rows])
    context = {
        "nav": "lead-list",
        "form": form,
        "is_filtered": bool(form.data.get("mode")),
        "spam": queries.trapped_count() if request.user.has_perm("crm.review_lead") else 0,
        "leads": [(lead, wishes.get(lead.id, "")) for lead in page.rows],
        "older_address": page.older_address(request.GET),
        "newer_address": page.newer_address(request.GET),
    }
    return render(request, "crm/lead_list.html", context)


@needs("crm.review_lead")
@never_cache
@require_safe
def spam_list(request: HttpRequest) -> HttpResponse:
    """List the requests that a program seems to have sent, newest first. One statement."""
    context = {
        "nav": "lead-list",
        "trapped": queries.trapped_requests(),
        "kept_max": TRAPPED_KEPT_MAX,
        "kept_days": TRAPPED_KEPT.days,
    }
    return render(request, "crm/spam_list.html", context)


@needs("crm.view_deal")
@require_safe
def deal_list(request: HttpRequest) -> HttpResponse:
    """List deals by stage, mode and owner, newest first. Two statements."""
    form = DealFilterForm(request.GET)
    narrowed = form.cleaned_data if form.is_valid() else {}
    page = queries.deals_page(
        cursor=Cursor.from_query(request.GET),
        stage=narrowed.get("stage", ""),
        mode=narrowed.get("mode", ""),
        owner_id=narrowed.get("owner"),
    )
    context = {
        "nav": "deal-list",
        "form": form,
        "is_filtered": any(narrowed.values()),
        "deals": page.rows,
        "older_address": page.older_address(request.GET),
        "newer_address": page.newer_address(request.GET),
    }
    return render(request, "crm/deal_list.html", context)


@needs("crm.view_contact")
@require_safe
def contact_list(request: HttpRequest) -> HttpResponse:
    """List contacts, newest first, or those whose address begins as asked. One statement."""
    form = ContactFilterForm(request.GET)
    asked = form.cleaned_data["q"] if form.is_valid() else ""
    context = {"nav": "contact-list", "form": form, "is_filtered": bool(asked)}
    if asked:
        context |= {"contacts": queries.find_contacts(asked, limit=FOUND_MAX), "asked": asked}
    else:
        page = queries.contacts_page(cursor=Cursor.from_query(request.GET))
        context |= {
            "contacts": page.rows,
            "older_address": page.older_address(request.GET),
            "newer_address": page.newer_address(request.GET),
        }
    return render(request, "crm/contact_list.html", context)
