"""Operator pages on a full house: server time, statements, bytes, and what growth costs.

Fills the private stack's database with sample rows, twice, and asks the production web process for
every page a few dozen times, over one kept-alive connection, logged in as an owner.
"""

from __future__ import annotations

import gzip
import logging
import statistics
import time
from dataclasses import dataclass
from typing import Any, Final

import httpx
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client

from benchmarks.processing import sales_per_s
from benchmarks.statements import counted
from crm.models import Company, Contact, Deal
from kernel.references import new_reference
from revenue.models import Order
from trinity.stack.private import Stack

ROWS_SMALL: Final = 10_000
ASKED_EACH: Final = 40
SEED_S_MAX: Final = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTimings:
    """What asking for one page a few dozen times came to."""

    kind: str
    address: str
    p50_ms: float
    p95_ms: float
    statements: int
    kb_gz: float


def addresses() -> dict[str, list[str]]:
    """Return the pages by kind, with rows from the middle of what there is."""
    orders = Order.objects.filter(mode="sample", deal__isnull=False).order_by("pk")
    first, last = orders.first(), orders.last()
    order = orders.filter(pk__gte=(first.pk + last.pk) // 2).first()
    deal = Deal.objects.get(pk=order.deal_id)
    contact = Contact.objects.get(pk=deal.contact_id)
    company = Company.objects.filter(pk=deal.company_id).first() or Company.objects.first()
    lists = [
        "/console/orders/",
        f"/console/orders/?before={order.pk}",
        "/console/orders/?state=paid&mode=sample",
        "/console/orders/?state=failed",
        f"/console/orders/?offer={order.offer_id}",
        "/console/review/",
        "/console/deals/",
        f"/console/deals/?before={deal.pk}",
        "/console/deals/?stage=won",
        "/console/leads/",
        "/console/contacts/",
        f"/console/contacts/?before={contact.pk}",
        "/console/runs/",
        "/console/events/",
        "/console/outbox/",
        "/console/ledger/",
    ]
    return {
        "dashboard": ["/console/"],
        "list": lists,
        "detail": [
            f"/console/orders/{order.reference}/",
            f"/console/deals/{deal.reference}/",
            f"/console/contacts/{contact.reference}/",
            f"/console/companies/{company.reference}/",
        ],
        "trace": [f"/console/trace/{order.reference}/", f"/console/trace/{deal.trace_ref}/"],
        "search": [
            f"/console/search/?q={word}"
            for word in (order.reference[:12], contact.email, company.name, new_reference("ord"))
        ],
    }


def owner_client() -> Client:
    """Return a browser of an owner, whose session the web process knows too."""
    owner, _ = User.objects.get_or_create(username="bench-owner", is_staff=True)
    owner.groups.add(Group.objects.get(name="owner"))
    client = Client(headers={"host": httpx.URL(settings.BASE_URL).netloc.decode()})
    client.force_login(owner)
    return client


def ask(stack: Stack) -> list[PageTimings]:
    """Ask for every page and say what it took."""
    client = owner_client()
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    timings = []
    with httpx.Client(base_url=stack.base_url, cookies=cookies, timeout=60) as web:
        for kind, pages in addresses().items():
            for address in pages:
                for _ in range(4):  # both web workers, and their statements, are warm
                    web.get(address).raise_for_status()
                took_ms = sorted(_timed_ms(web, address) for _ in range(ASKED_EACH))
                client.get(address)
                with counted() as counts:
                    answer = client.get(address)
                if answer.status_code != 200:
                    raise RuntimeError(f"{address}: {answer.status_code}")
                timings.append(
                    PageTimings(
                        kind=kind,
                        address=address,
                        p50_ms=statistics.median(took_ms),
                        p95_ms=took_ms[int(0.95 * ASKED_EACH)],
                        statements=counts.statements,
                        kb_gz=len(gzip.compress(answer.content)) / 1024,
                    )
                )
    return timings


def _timed_ms(web: httpx.Client, address: str) -> float:
    began = time.perf_counter()
    web.get(address)
    return (time.perf_counter() - began) * 1000


def fill(stack: Stack, *, rows: int) -> None:
    """Bring the sample rows to ``rows`` contacts and orders, five ledger entries each."""
    for command in (("seed_sample", "--rows", str(rows)), ("seal_ledger",)):
        done = stack.manage(*command, timeout_s=SEED_S_MAX)
        if done.returncode:
            raise RuntimeError(done.stderr)


def run(context: Any) -> dict[str, float]:
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("django_structlog").setLevel(logging.WARNING)
    stack: Stack = context.stack
    small, full = (1_000, 5_000) if context.quick else (ROWS_SMALL, context.rows)
    sales = 100 if context.quick else 500
    fill(stack, rows=small)
    before, pace_before = ask(stack), sales_per_s(stack, count=sales)
    fill(stack, rows=full)
    after, pace_after = ask(stack), sales_per_s(stack, count=sales)
    growth = [late.p50_ms / early.p50_ms for early, late in zip(before, after, strict=True)]
    for page, grew in zip(after, growth, strict=True):
        print(
            f"  {page.p50_ms:7.1f} ms ({grew:4.2f} x)  p95 {page.p95_ms:7.1f} ms"
            f"  {page.statements:3d} SQL  {page.kb_gz:5.1f} kB gz  {page.address}"
        )
    figures = {"pages_rows": float(full)}
    for kind in ("list", "detail", "trace", "search", "dashboard"):
        pages = [page for page in after if page.kind == kind]
        figures[f"{kind}_p95_ms"] = max(page.p95_ms for page in pages)
        figures[f"{kind}_sql"] = float(max(page.statements for page in pages))
    return figures | {
        "pages_kb_gz_max": max(page.kb_gz for page in after),
        "pages_growth_median": statistics.median(growth),
        "pages_growth_max": max(growth),
        "process_growth": pace_before / pace_after,
    }
