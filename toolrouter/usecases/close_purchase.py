"""A person says what came of a purchase by hand: bought, not bought, or cancelled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import transaction

from kernel.money import Money
from toolrouter.enums import IncidentKind, OffWhy, PurchaseState, Scope
from toolrouter.models import Purchase
from toolrouter.operations.changes import By
from toolrouter.operations.incidents import open_incident
from toolrouter.operations.locking import lock_settings, share_lock_account
from toolrouter.operations.purchasing import (
    ReceiptFile,
    book,
    call_off,
    close_unbought,
    keep_file,
)
from toolrouter.operations.reserving import release, settle
from toolrouter.queries.purchases import off_now, with_standing

TOO_LATE: Final = "It was bought although it had been called off."


class NoSuchPurchase(LookupError):
    """There is no such purchase."""


class AlreadyClosed(Exception):
    """Somebody else has closed it meanwhile; nothing was changed."""


class HasFile(Exception):
    """It has a receipt already, or was not bought; nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """What followed: the incident that it opened, or "" where all was as approved."""

    incident_ref: str


@transaction.atomic(durable=True)
def mark_bought(
    purchase_ref: str,
    *,
    paid: Money,
    paid_on: date,
    file: ReceiptFile | None,
    by: By,
    now: datetime,
) -> Booked:
    """Book what ``by`` says was paid; of what was reserved, the rest is free again.

    More than was approved, another currency, or something that must not be bought any more is
    booked all the same, and is an incident: the project stands still. Two who close it at once are
    one. Raises NoSuchPurchase and AlreadyClosed.
    """
    known = _to_buy(purchase_ref)
    incident_ref = settle(known.call.reference, captured=paid, at=now, now=now)
    purchase = _held(known, now=now)
    if purchase.called_off_at is not None and not incident_ref:
        incident_ref = open_incident(
            kind=IncidentKind.CALLED_OFF,
            scope=Scope.PROJECT,
            ref=purchase.project_ref,
            about_ref=purchase.reference,
            by=By(actor_id=None, reason=TOO_LATE),
            now=now,
        )
    book(purchase, paid=paid, paid_on=paid_on, incident_ref=incident_ref, by=by, now=now)
    if file is not None:
        keep_file(purchase, file, by=by, now=now)
    return Booked(incident_ref=incident_ref)


@transaction.atomic(durable=True)
def mark_not_bought(purchase_ref: str, *, by: By, now: datetime) -> None:
    """Close what was not bought; its money is free again. Raises as ``mark_bought`` does."""
    _close_unbought(purchase_ref, PurchaseState.NOT_BOUGHT, by=by, now=now)


@transaction.atomic(durable=True)
def cancel(purchase_ref: str, *, by: By, now: datetime) -> None:
    """Take it back from whoever was to buy it. Raises as ``mark_bought`` does."""
    _close_unbought(purchase_ref, PurchaseState.CANCELLED, by=by, now=now)


@transaction.atomic(durable=True)
def add_file(purchase_ref: str, *, file: ReceiptFile, by: By, now: datetime) -> None:
    """Keep the receipt of something that was booked without one. Raises HasFile."""
    purchase = _locked(purchase_ref)
    if purchase.state != PurchaseState.BOUGHT or hasattr(purchase, "file"):
        raise HasFile(purchase_ref)
    keep_file(purchase, file, by=by, now=now)


def _close_unbought(purchase_ref: str, state: PurchaseState, *, by: By, now: datetime) -> None:
    known = _to_buy(purchase_ref)
    release(known.call.reference, now=now)
    close_unbought(_held(known, now=now), state, by=by, now=now)


def _to_buy(purchase_ref: str) -> Purchase:
    """Return what is to be bought; nobody else closes one of its project before COMMIT.

    The project is taken exclusively: what is wrong with a purchase holds it in the same commit.
    """
    known = _locked_project_of(purchase_ref)
    if known.state != PurchaseState.TO_BUY:
        raise AlreadyClosed(known.state)
    return known


def _locked_project_of(purchase_ref: str) -> Purchase:
    purchases = Purchase.objects.select_related("call").filter(reference=purchase_ref)
    known = purchases.first()
    if known is None:
        raise NoSuchPurchase(purchase_ref)
    share_lock_account()
    lock_settings(Scope.PROJECT, known.project_ref)
    return purchases.get()


def _held(known: Purchase, *, now: datetime) -> Purchase:
    """Return its locked row; why it must not be bought is written down first, where that is so."""
    purchase = _locked(known.reference)
    why = off_now(with_standing(Purchase.objects.filter(pk=purchase.pk)).get())
    if why and purchase.called_off_at is None:
        call_off(purchase, why=OffWhy(why), now=now)
    return purchase


def _locked(purchase_ref: str) -> Purchase:
    held = Purchase.objects.select_for_update(no_key=True, of=("self",))
    purchase = held.select_related("call").filter(reference=purchase_ref).first()
    if purchase is None:
        raise NoSuchPurchase(purchase_ref)
    return purchase
