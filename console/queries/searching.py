"""Finding records by what people have at hand: a reference, an address, a company's name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.urls import reverse

from approvals import queries as approvals
from console.queries.trace import trace_of
from crm import queries as crm
from fulfillment import queries as fulfillment
from kernel.money import Money
from kernel.state_words import OperatorWords
from ledger import queries as ledger
from revenue import queries as revenue
from toolrouter import queries as toolrouter

Person = AbstractBaseUser | AnonymousUser
ROWS_PER_GROUP: Final = 20

# Something like ord_01k9… or cs_test_a1…: a short prefix, then no spaces and no "@".
REFERENCE: Final = re.compile(r"[a-z]{2,6}_[A-Za-z0-9_]{4,250}")

# Records with a page of their own: what one must be allowed to see, the page, and who knows it.
PAGES: Final[Mapping[str, tuple[str, str, Callable[[str], object]]]] = {
    "apr": ("approvals.view_approvalrequest", "approval", approvals.is_known),
    "call": ("toolrouter.view_toolcall", "tool-call", toolrouter.call_by_reference),
    "com": ("crm.view_contact", "company", crm.company_by_reference),
    "con": ("crm.view_contact", "contact", crm.contact_by_reference),
    "deal": ("crm.view_deal", "deal", crm.deal_by_reference),
    "evt": ("revenue.view_stripewebhookevent", "event", revenue.is_known),
    "led": ("ledger.view_ledgerentry", "ledger-entry", ledger.entry_row),
    "mail": ("revenue.view_buyermail", "outbox-mail", revenue.is_known),
    "off": ("revenue.manage_offers", "offer-edit", revenue.is_known),
    "pur": ("toolrouter.view_purchase", "purchase", toolrouter.trace_of_purchase),
    "run": ("fulfillment.view_acquisitionrun", "run", fulfillment.run_by_reference),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One record that fits."""

    words: str
    reference: str
    address: str
    beside: str = ""
    state_words: OperatorWords | None = None
    mode: str = ""
    amount: Money | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Records of one kind that fit."""

    title: str
    hits: Sequence[Hit]


def _may(person: Person, permission: str) -> bool:
    return isinstance(person, PermissionsMixin) and person.has_perm(permission)


def page_of_reference(asked: str, *, person: Person) -> str:
    """Return the page that a whole reference leads to; "" when it is none, or not for ``person``.

    What belongs to an order (a refund, a payment at Stripe) leads to the order, and anything else
    that belongs to a sale to its trace.
    """
    if not REFERENCE.fullmatch(asked):
        return ""
    prefix = asked.partition("_")[0]
    if prefix in PAGES:
        permission, page, find = PAGES[prefix]
        return reverse(page, args=[asked]) if _may(person, permission) and find(asked) else ""
    if not _may(person, "revenue.view_order"):
        return ""
    if order_ref := revenue.order_ref_of(asked):
        return reverse("order-detail", args=[order_ref])
    trace_ref = trace_of(asked)
    return reverse("trace", args=[trace_ref]) if trace_ref else ""


def search_everything(asked: str, *, person: Person) -> list[Group]:
    """Return what fits ``asked``, by kind; only what ``person`` may open. At most 6 statements."""
    groups = []
    if _may(person, "crm.view_contact"):
        groups += [_people(asked), _companies(asked), _orders(asked)]
    return [group for group in groups if group.hits]


def _people(asked: str) -> Group:
    contacts = crm.find_contacts(asked, limit=ROWS_PER_GROUP)
    hits = [
        Hit(
            words=contact.called,
            reference=contact.reference,
            address=reverse("contact", args=[contact.reference]),
            beside=contact.email,
            mode="sample" if contact.is_sample else "",
        )
        for contact in contacts
    ]
    return Group(title="People", hits=hits)


def _companies(asked: str) -> Group:
    companies = crm.find_companies(asked, limit=ROWS_PER_GROUP)
    hits = [
        Hit(
            words=company.name,
            reference=company.reference,
            address=reverse("company", args=[company.reference]),
            beside=company.domain,
            mode="sample" if company.is_sample else "",
        )
        for company in companies
    ]
    return Group(title="Companies", hits=hits)


def _orders(asked: str) -> Group:
    """Orders by a whole address, of the contact it belongs to or as Stripe returned it."""
    orders = []
    if "@" in asked:
        contact = crm.contact_by_email(asked)
        orders = revenue.orders_of_buyer(
            email=asked, contact_id=contact.id if contact else None, limit=ROWS_PER_GROUP
        )
    hits = [
        Hit(
            words=order.offer.title if order.offer else "Not made through an offer",
            reference=order.reference,
            address=reverse("order-detail", args=[order.reference]),
            beside=order.buyer_email,
            state_words=order.state_words,
            mode=order.mode,
            amount=order.total,
            at=order.placed_at,
        )
        for order in orders
    ]
    return Group(title="Orders", hits=hits)
