"""A sale finds its deal, or makes one, and moves it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from crm.enums import ACTIVITY_OF_SALE, OPEN_STAGES, ActivityKind, DealStage, SaleStatus
from crm.models import Activity, Contact, Deal
from crm.models.people import Person
from crm.policy import email_key_or_none
from kernel.modes import Mode
from kernel.money import Money

TRIES_MAX: Final = 5  # each means that another transaction made or closed the deal we looked for


class DealUnsettled(RuntimeError):
    """The deal kept changing under us TRIES_MAX times. Roll back and try again later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedDeal:
    """Where a sale ended up: the deal, and who paid."""

    deal_id: int
    deal_ref: str
    contact_id: int
    contact_ref: str
    project_ref: str
    subjects: tuple[str, ...]  # the deal, its contact and its company, by reference
    won_by: str | None  # the other order that had already won this deal, if there is one


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """What is known of an order when it looks for its deal."""

    status: SaleStatus
    order_ref: str
    amount: Money
    mode: str
    trace_ref: str
    deal_id: int | None
    offer_id: int | None
    title: str
    email: str
    name: str
    stripe_customer_id: str
    now: datetime


def attach_sale(sale: Sale) -> AttachedDeal:
    """Attach an order to its contact and its deal, and move the deal as the sale's status asks.

    The contact is whoever paid, by normalised e-mail. The deal is the one this order was attached
    to before; else the one of ``trace_ref``; else ``deal_id``; else the contact's newest open deal
    for that offer; else a new one. All of them of ``mode`` only.

    won: the deal is won by this order, from any stage; where another order had won it, it stays
    that order's, which ``won_by`` names. pending: an open deal goes to checkout. failed: an open
    deal goes back to proposal, unless another order of it is still pending. A lost deal is moved
    by money only.

    Safe to repeat and under any concurrency: the contact's row, then the deal's, stay locked until
    COMMIT. Four statements for a direct purchase. Writes its own timeline line, once per order and
    status.

    Raises DealUnsettled.
    """
    payer = _known_payer(sale)
    for _ in range(TRIES_MAX):
        found = _find_deal(sale, payer_id=payer.contact_id if payer else None)
        if found is not None:
            payer = payer or found.contact
            attached = _settle(sale, found, payer=payer)
        else:
            payer = payer or _buyer(sale)
            attached = _open_deal(sale, payer=payer)
        if attached is not None:
            return attached
    raise DealUnsettled(f"{sale.order_ref}: its deal kept changing")


def _known_payer(sale: Sale) -> Person | None:
    """Return whoever paid, locked; None where the sale names no readable address.

    Then there is no contact to lock, and sales of one trace queue up on the trace instead.
    """
    if email_key_or_none(sale.email) is not None:
        return _buyer(sale)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"crm.sale:{sale.trace_ref}"]
        )
    return None


def _buyer(sale: Sale) -> Person:
    return Contact.of_buyer(
        email=sale.email,
        name=sale.name,
        stripe_customer_id=sale.stripe_customer_id,
        has_paid=sale.status == SaleStatus.WON,
        is_sample=sale.mode == Mode.SAMPLE,
        now=sale.now,
    )


FIND_DEAL: Final = """
SELECT deal.*, contact.reference AS contact_ref, found.is_a_guess,
    project.reference AS project_ref, coalesce(company.reference, '') AS company_ref
FROM (
    SELECT deal_id AS id, 1 AS rank, false AS is_a_guess
        FROM crm_activity WHERE key = ANY(%(keys)s)
    UNION ALL
    SELECT id, 2, false FROM crm_deal WHERE trace_ref = %(trace_ref)s AND mode = %(mode)s
    UNION ALL
    SELECT id, 3, false FROM crm_deal WHERE id = %(deal_id)s AND mode = %(mode)s
    UNION ALL
    (SELECT id, 4, true FROM crm_deal
        WHERE contact_id = %(payer_id)s AND offer_id = %(offer_id)s AND mode = %(mode)s
          AND stage = ANY(%(open)s)
        ORDER BY id DESC LIMIT 1)
) found
JOIN crm_deal deal ON deal.id = found.id
JOIN crm_contact contact ON contact.id = deal.contact_id
JOIN crm_project project ON project.id = deal.project_id
LEFT JOIN crm_company company ON company.id = deal.company_id
ORDER BY found.rank LIMIT 1
FOR NO KEY UPDATE OF deal
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DealMatch:
    """A deal, locked; a guess was found by contact and offer only."""

    deal: Deal
    contact: Person
    company_ref: str  # or nothing
    project_ref: str
    is_a_guess: bool


def _find_deal(sale: Sale, *, payer_id: int | None) -> DealMatch | None:
    """Return the sale's deal, locked."""
    deals = Deal.objects.raw(
        FIND_DEAL,
        {
            "keys": [_key(sale.order_ref, status) for status in SaleStatus],
            "trace_ref": sale.trace_ref,
            "mode": sale.mode,
            "deal_id": sale.deal_id,
            "payer_id": payer_id,
            "offer_id": sale.offer_id,
            "open": [str(stage) for stage in OPEN_STAGES],
        },
    )
    for deal in deals:
        beside = vars(deal)
        return DealMatch(
            deal=deal,
            contact=Person(contact_id=deal.contact_id, reference=beside["contact_ref"]),
            company_ref=beside["company_ref"],
            project_ref=beside["project_ref"],
            is_a_guess=beside["is_a_guess"],
        )
    return None


def _open_deal(sale: Sale, *, payer: Person) -> AttachedDeal | None:
    """Open a new deal where the sale puts it; None if that trace just got one."""
    stage = {
        SaleStatus.PENDING: DealStage.CHECKOUT,
        SaleStatus.FAILED: DealStage.PROPOSAL,
        SaleStatus.WON: DealStage.WON,
    }[sale.status]
    opened = Deal.open_once(
        trace_ref=sale.trace_ref,
        mode=sale.mode,
        contact_id=payer.contact_id,
        offer_id=sale.offer_id,
        title=sale.title,
        stage=stage,
        amount=sale.amount,
        won_order_ref=sale.order_ref if stage == DealStage.WON else None,
        now=sale.now,
    )
    if opened is None:
        return None
    _write_line(sale, deal_id=opened.deal_id, payer=payer, won_by=None)
    return AttachedDeal(
        deal_id=opened.deal_id,
        deal_ref=opened.reference,
        contact_id=payer.contact_id,
        contact_ref=payer.reference,
        project_ref=opened.project_ref,
        subjects=(opened.reference, payer.reference),
        won_by=None,
    )


def _settle(sale: Sale, found: DealMatch, *, payer: Person) -> AttachedDeal | None:
    """Move a known deal as the sale asks; None if a guess closed while we waited for it."""
    deal = found.deal
    if found.is_a_guess and not deal.is_open:
        return None
    stage = _stage_after(sale, deal)
    if stage != deal.stage:
        known = None if stage == DealStage.WON else deal.amount
        amount = known or sale.amount
        deal.move(
            stage,
            stage_since=sale.now,
            offer_id=deal.offer_id or sale.offer_id,
            amount_minor=amount.amount_minor,
            currency=amount.currency,
            won_order_ref=sale.order_ref if stage == DealStage.WON else None,
        )
    won_by = deal.won_order_ref if deal.won_order_ref != sale.order_ref else None
    _write_line(sale, deal_id=deal.pk, payer=payer, won_by=won_by)
    return AttachedDeal(
        deal_id=deal.pk,
        deal_ref=deal.reference,
        contact_id=payer.contact_id,
        contact_ref=payer.reference,
        project_ref=found.project_ref,
        subjects=tuple(
            ref for ref in (deal.reference, found.contact.reference, found.company_ref) if ref
        ),
        won_by=won_by,
    )


def _stage_after(sale: Sale, deal: Deal) -> str:
    """Return where the deal stands after this sale, whatever arrived first."""
    if deal.stage == DealStage.WON:
        return DealStage.WON
    if sale.status == SaleStatus.WON:
        return DealStage.WON
    if deal.stage == DealStage.LOST:
        return DealStage.LOST
    said = set(
        Activity.objects.filter(
            deal_id=deal.pk, kind__in=[ActivityKind.PAYMENT_PENDING, ActivityKind.PAYMENT_FAILED]
        ).values_list("kind", "key")
    )
    failed = {key for kind, key in said if kind == ActivityKind.PAYMENT_FAILED}
    pending = {key for kind, key in said if kind == ActivityKind.PAYMENT_PENDING}
    mine = _key(sale.order_ref, sale.status)
    (failed if sale.status == SaleStatus.FAILED else pending).add(mine)
    order_refs_failed = {_order_of(key) for key in failed}
    if any(_order_of(key) not in order_refs_failed for key in pending):
        return DealStage.CHECKOUT
    return DealStage.PROPOSAL


def _write_line(sale: Sale, *, deal_id: int, payer: Person, won_by: str | None) -> None:
    is_double = won_by is not None and sale.status == SaleStatus.WON
    Activity.append(
        key=_key(sale.order_ref, sale.status),
        kind=ActivityKind.DOUBLE_PAYMENT if is_double else ACTIVITY_OF_SALE[sale.status],
        deal_id=deal_id,
        contact_id=payer.contact_id,
        refs={"order": sale.order_ref, **({"won_by": won_by} if won_by else {})},
        amount=sale.amount,
        now=sale.now,
    )


def _key(order_ref: str, status: SaleStatus) -> str:
    return f"sale:{order_ref}:{status}"


def _order_of(key: str) -> str:
    return key.split(":")[1]
