"""The console's side navigation: what there is, and who sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.contrib.auth.models import PermissionsMixin
from django.urls import reverse
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the navigation: its words, its URL name, and the permission it asks for."""

    words: str
    url_name: str
    permission: str


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as one person sees it on one page."""

    words: str
    address: str
    current: str  # the value of aria-current: "page", "true" (a page below it) or ""
    count: int


NAVIGATION: Final[dict[str, tuple[Entry, ...]]] = {
    "Today": (
        Entry("Dashboard", "dashboard", "revenue.view_order"),
        Entry("Approvals", "approval-inbox", "approvals.view_approvalrequest"),
        Entry("Needs review", "review-list", "revenue.view_order"),
        Entry("Alerts", "alert-list", "notices.view_alert"),
    ),
    "Sales": (
        Entry("Leads", "lead-list", "crm.view_deal"),
        Entry("Deals", "deal-list", "crm.view_deal"),
        Entry("Contacts", "contact-list", "crm.view_contact"),
        Entry("Orders", "order-list", "revenue.view_order"),
        Entry("Refunds", "refund-list", "revenue.view_refund"),
        Entry("Disputes", "dispute-list", "revenue.view_dispute"),
        Entry("Offers", "offer-admin-list", "revenue.view_offer"),
    ),
    "Work": (
        Entry("Runs", "run-list", "fulfillment.view_acquisitionrun"),
        Entry("Projects", "project-list", "crm.view_project"),
    ),
    "Agents": (
        Entry("Tool calls", "tool-call-list", "toolrouter.view_toolcall"),
        Entry("Purchases", "purchase-list", "toolrouter.view_purchase"),
        Entry("Safety", "safety", "toolrouter.view_safetysettings"),
        Entry("Incidents", "incident-list", "toolrouter.view_incident"),
        Entry("Integrations", "integrations", "toolrouter.view_providerreadiness"),
        Entry("Stop agents", "agents-stop", "toolrouter.stop_agents"),
    ),
    "Proof": (
        Entry("Trace", "trace-find", "revenue.view_order"),
        Entry("Ledger", "ledger", "ledger.view_ledgerentry"),
        Entry("Stripe events", "event-list", "revenue.view_stripewebhookevent"),
        Entry("Reconciliation", "reconcile-list", "revenue.view_stripewebhookevent"),
        Entry("Outbox", "outbox", "revenue.view_buyermail"),
    ),
    "Team": (
        Entry("People", "people", "auth.change_user"),
        Entry("Logins", "logins", "logins.view_refusalcount"),
    ),
}

COUNTED_FOR: Final = "revenue.view_order"


def waiting_counts(person: PermissionsMixin) -> Mapping[str, int]:
    """Return what waits beside each entry, by URL name; the setting names who counts.

    Nothing is counted for somebody who would not see it.
    """
    path: str = settings.NAVIGATION_COUNTS
    return import_string(path)(person) if path and person.has_perm(COUNTED_FOR) else {}


def links_for(
    person: PermissionsMixin, *, section: str, url_name: str, counts: Mapping[str, int]
) -> dict[str, list[Link]]:
    """Return the entries that ``person`` may open, by group; groups without one are left out.

    ``section`` is the entry that the page belongs to, ``url_name`` the page itself.
    """
    groups: dict[str, list[Link]] = {}
    for group, entries in NAVIGATION.items():
        for entry in entries:
            if not person.has_perm(entry.permission):
                continue
            is_here = entry.url_name == url_name
            current = "page" if is_here else "true" if entry.url_name == section else ""
            address, count = reverse(entry.url_name), counts.get(entry.url_name, 0)
            link = Link(entry.words, address, current, count)
            groups.setdefault(group, []).append(link)
    return groups
