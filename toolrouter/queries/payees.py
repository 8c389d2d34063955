"""What is known of whom a purchase is paid to: for the policy, and beside a request."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Final

from kernel.money import Money
from toolrouter.enums import PurchaseState
from toolrouter.models import ConfirmedPayee, Purchase, ToolCall
from toolrouter.models.calls import RUNNING, WAITING
from toolrouter.payees import Payee
from toolrouter.ports import AnyOperation, Operation
from toolrouter.registry import read_arguments, registry

DOUBLES_WITHIN: Final = timedelta(days=30)
DOUBLES_SHOWN_MAX: Final = 5
LOOKED_AT_MAX: Final = 100


def payee_of(entry: AnyOperation, call: ToolCall) -> str:
    """Return whom a call pays, by its own words; "" where they were erased or name nobody."""
    if not call.asked or entry.payee is None:
        return ""
    reading = read_arguments(entry, json.loads(call.asked)["arguments"])
    return entry.payee(reading.arguments) if reading.arguments else ""


def is_new_payee(payee: Payee, *, mode: str) -> bool:
    """Say whether no owner has confirmed whom that domain pays; a typed name is always new."""
    known = ConfirmedPayee.objects.filter(payee=payee.domain, mode=mode)
    return not payee.domain or not known.exists()


def notes_about(
    payee: Payee, amount: Money, *, operation: str, project_ref: str, mode: str, now: datetime
) -> list[str]:
    """Return what whoever decides should know of a payee: new, last paid, probable doubles.

    Four statements at most.
    """
    notes = []
    if is_new_payee(payee, mode=mode):
        notes.append(
            "New payee: no owner has confirmed a purchase from this domain yet."
            if payee.domain
            else "New payee: the vendor is a name that the agent typed, not a domain."
        )
    bought = Purchase.objects.filter(**_of(payee), mode=mode, state=PurchaseState.BOUGHT)
    last = bought.order_by("-closed_at").first()
    if last is None:
        notes.append("Nothing was paid to this payee before.")
    else:
        notes.append(f"Last paid to this payee: {last.paid} on {last.paid_on:%-d %b %Y}.")
    doubles = _bought_alike(payee, amount, project_ref=project_ref, mode=mode, now=now)
    doubles += _asked_alike(payee, amount, operation=operation, project_ref=project_ref, mode=mode)
    return notes + doubles[:DOUBLES_SHOWN_MAX]


def _of(payee: Payee) -> dict[str, str]:
    return {"payee": payee.domain, "vendor_name": payee.name}


def _bought_alike(
    payee: Payee, amount: Money, *, project_ref: str, mode: str, now: datetime
) -> list[str]:
    """Return notes about purchases of the project that may be the same one, also paid by hand."""
    alike = Purchase.objects.filter(
        **_of(payee),
        project_ref=project_ref,
        mode=mode,
        approved_minor=amount.amount_minor,
        currency=amount.currency,
        made_at__gt=now - DOUBLES_WITHIN,
        state__in=[PurchaseState.TO_BUY, PurchaseState.BOUGHT],
    ).order_by("-pk")
    return [
        f"Probably a double: {each.approved} to this payee was approved on"
        f" {each.made_at:%-d %b %Y} ({each.state_words.badge.lower()}, {each.reference})."
        for each in alike[:DOUBLES_SHOWN_MAX]
    ]


def _asked_alike(
    payee: Payee, amount: Money, *, operation: str, project_ref: str, mode: str
) -> list[str]:
    """Return notes about what waits for people or was approved, and nobody has bought yet."""
    entry = registry().find(operation)
    if not isinstance(entry, Operation):
        return []
    waiting = ToolCall.objects.filter(
        operation=operation,
        project_ref=project_ref,
        mode=mode,
        state__in=[*WAITING, *RUNNING],
        amount_minor=amount.amount_minor,
        currency=amount.currency,
    ).order_by("-pk")[:LOOKED_AT_MAX]
    vendor = payee.domain or payee.name
    return [
        f"Probably a double: {amount} to this payee is asked for in another request"
        f" ({call.approval_ref})."
        for call in waiting
        if payee_of(entry, call) == vendor
    ]
