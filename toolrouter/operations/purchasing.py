"""Purchases by hand: made, called off, closed, and booked, each in the caller's transaction."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings

from kernel.append_only import new_salt, salted_digest
from kernel.money import Money
from kernel.references import new_reference
from ledger import operations as ledger
from ledger.enums import EntryKind
from ledger.facts import FactValue
from toolrouter.enums import Category, FileKind, OffWhy, PurchaseState, ReceiptState
from toolrouter.models import Incident, ProviderReceipt, Purchase, PurchaseReceipt, ToolCall
from toolrouter.models.reasons import reason_columns
from toolrouter.operations.changes import By
from toolrouter.operations.receipts import enter_receipt
from toolrouter.payees import Payee
from toolrouter.ports import Call
from toolrouter.telling import tell_what_to_buy

PAID_BY: Final = "liabilities:paid_by_people"
MANUAL: Final = "manual"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptFile:
    """The file of a receipt, and what its content says that it is."""

    content: bytes
    kind: FileKind


def expense_account(category: str) -> str:
    """Return the account that a purchase of that category is booked to."""
    return f"expenses:{Category(category).value}"


def words_of(vendor_name: str, what: str) -> str:
    """Return what the digest of a purchase's words is made over; neither of them has a line end."""
    return f"{vendor_name}\n{what}"


def make_purchase(
    call: Call, *, payee: Payee, what: str, category: Category, approved: Money
) -> Purchase:
    """Write what a person is to buy: exactly what was approved, from this moment on."""
    owner = ToolCall.objects.get(reference=call.reference)
    salt = new_salt()
    purchase = Purchase(
        reference=new_reference("pur"),
        call=owner,
        mode=call.mode,
        project_ref=call.project_ref,
        run_ref=call.run_ref,
        trace_ref=call.trace_ref,
        approval_ref=owner.approval_ref,
        category=category,
        payee=payee.domain,
        vendor_name=payee.name,
        what=what,
        words_salt=salt,
        words_digest=salted_digest(words_of(payee.name, what), salt=salt),
        approved_minor=approved.amount_minor,
        currency=approved.currency,
        made_at=call.now,
        due_at=call.now + timedelta(hours=settings.PURCHASE_OVERDUE_H),
    )
    purchase.begin(PurchaseState.TO_BUY)
    purchase.save(force_insert=True)
    _enter(
        purchase,
        "to_buy",
        facts={
            "actor": "system",
            "amount_minor": purchase.approved_minor,
            "currency": purchase.currency,
            "category": purchase.category,
            "due_s": int(purchase.due_at.timestamp()),
            "words_digest": purchase.words_digest,
        },
        now=call.now,
    )
    tell_what_to_buy(now=call.now)
    return purchase


def call_off(purchase: Purchase, *, why: OffWhy, now: datetime) -> None:
    """Write down that it must not be bought any more. The caller holds the row."""
    purchase.write(called_off_at=now, called_off_why=why)
    _enter(purchase, "called_off", facts={"actor": "system", "why": why}, now=now)


def close_unbought(purchase: Purchase, state: PurchaseState, *, by: By, now: datetime) -> None:
    """Close what was not bought; ``state`` says whether somebody cancelled it. Nothing moves."""
    purchase.move(state, closed_at=now, closed_by_id=by.actor_id, **reason_columns(by.reason))
    facts: dict[str, FactValue] = {
        "actor": _actor(by),
        "reason_digest": purchase.reason_digest,
    }
    _enter(purchase, state, facts=facts, now=now)


def book(
    purchase: Purchase, *, paid: Money, paid_on: date, incident_ref: str, by: By, now: datetime
) -> None:
    """Book what somebody paid out of their own pocket, as they say it, whatever was approved."""
    incident = Incident.objects.filter(reference=incident_ref).first()
    purchase.move(
        PurchaseState.BOUGHT,
        closed_at=now,
        closed_by_id=by.actor_id,
        paid_minor=paid.amount_minor,
        paid_currency=paid.currency,
        paid_on=paid_on,
        incident_id=incident.pk if incident else None,
        **(reason_columns(by.reason) if by.reason else {}),
    )
    facts: dict[str, FactValue] = {
        "actor": _actor(by),
        "amount_minor": paid.amount_minor,
        "currency": paid.currency,
        "category": purchase.category,
        "paid_on": paid_on.isoformat(),
    }
    if purchase.reason_digest:
        facts["reason_digest"] = purchase.reason_digest
    _enter(
        purchase,
        PurchaseState.BOUGHT,
        facts=facts,
        refs=[incident_ref] if incident_ref else [],
        postings={expense_account(purchase.category): paid, PAID_BY: -paid},
        now=now,
    )
    _declare(purchase, paid=paid, incident=incident, now=now)


def keep_file(purchase: Purchase, file: ReceiptFile, *, by: By, now: datetime) -> PurchaseReceipt:
    """Keep the file of a purchase's receipt, with its hash."""
    if by.actor_id is None:
        raise ValueError("a receipt is a person's")
    sha256, salt = hashlib.sha256(file.content).hexdigest(), new_salt()
    kept = PurchaseReceipt(
        reference=new_reference("prc"),
        purchase=purchase,
        mode=purchase.mode,
        kind=file.kind,
        size_bytes=len(file.content),
        content=file.content,
        sha256=sha256,
        salt=salt,
        digest=salted_digest(sha256, salt=salt),
        kept_by_id=by.actor_id,
        kept_at=now,
    )
    kept.save()
    ledger.record(
        key=f"purchase.file_kept:{kept.reference}",
        kind=EntryKind.SPEND,
        event="purchase.file_kept",
        subject=kept.reference,
        refs=[purchase.reference],
        facts={
            "actor": _actor(by),
            "digest": kept.digest,
            "bytes": kept.size_bytes,
            "file": kept.kind,
        },
        mode=kept.mode,
        trace_ref=purchase.trace_ref,
        occurred_at=now,
        now=now,
    )
    return kept


def not_as_approved(purchase: Purchase, paid: Money) -> list[str]:
    """Return what a person paid otherwise than it was approved: its currency, or more of it."""
    if paid.currency != purchase.currency:
        return ["currency"]
    return ["amount"] if paid.amount_minor > purchase.approved_minor else []


def _declare(purchase: Purchase, *, paid: Money, incident: Incident | None, now: datetime) -> None:
    """Write the receipt: a person's word, read by nobody from any provider."""
    differs = not_as_approved(purchase, paid)
    receipt = ProviderReceipt(
        reference=new_reference("rcp"),
        call=purchase.call,
        mode=purchase.mode,
        provider=MANUAL,
        provider_ref=purchase.reference,
        asked_minor=purchase.approved_minor,
        asked_currency=purchase.currency,
        made_at=now,
        read_at=now,
        read_ref=purchase.reference,
        read_minor=paid.amount_minor,
        read_currency=paid.currency,
        read_key=purchase.call.reference,
        differs=differs,
        incident=incident if differs else None,
    )
    receipt.begin(ReceiptState.DECLARED)
    receipt.save(force_insert=True)
    enter_receipt(receipt, now=now)


def _enter(
    purchase: Purchase,
    event: str,
    *,
    facts: dict[str, FactValue],
    now: datetime,
    refs: list[str] | None = None,
    postings: dict[str, Money] | None = None,
) -> None:
    ledger.record(
        key=f"purchase.{event}:{purchase.reference}",
        kind=EntryKind.SPEND,
        event=f"purchase.{event}",
        subject=purchase.reference,
        refs=[purchase.call.reference, purchase.run_ref, purchase.approval_ref, *(refs or [])],
        facts=facts,
        mode=purchase.mode,
        trace_ref=purchase.trace_ref,
        occurred_at=now,
        now=now,
        postings=postings,
    )


def _actor(by: By) -> str:
    return f"user:{by.actor_id}"
