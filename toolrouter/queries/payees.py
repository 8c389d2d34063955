"""What is known of whom a purchase is paid to: for the policy, and beside a request."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db import connection

from kernel.money import Money
from toolrouter.enums import PURCHASES, PurchaseState
from toolrouter.models import ConfirmedPayee
from toolrouter.models.calls import RUNNING, WAITING
from toolrouter.payees import Payee
from toolrouter.ports import AnyOperation, Operation
from toolrouter.registry import read_arguments, registry

DOUBLES_WITHIN: Final = timedelta(days=30)
DOUBLES_SHOWN_MAX: Final = 5
LOOKED_AT_MAX: Final = 100

_NEW_DOMAIN: Final = "New payee: no owner has confirmed a purchase from this domain yet."
_NEW_NAME: Final = "New payee: the vendor is a name that the agent typed, not a domain."
_OF_PAYEE: Final = "payee = %(payee)s AND vendor_name = %(name)s AND mode = %(mode)s"
# What was asked names its vendor in JSON; whether as its vendor is read afterwards.
_KNOWN: Final = f"""
(SELECT 'confirmed', 0::bigint, '', NULL::timestamptz, reference, ''
  FROM toolrouter_confirmedpayee WHERE payee = %(payee)s AND mode = %(mode)s)
UNION ALL
(SELECT 'paid', paid_minor, paid_currency, paid_on, reference, state
  FROM toolrouter_purchase WHERE {_OF_PAYEE} AND state = 'bought'
  ORDER BY closed_at DESC LIMIT 1)
UNION ALL
(SELECT 'bought', approved_minor, currency, made_at, reference, state
  FROM toolrouter_purchase
  WHERE {_OF_PAYEE} AND project_ref = %(project)s AND approved_minor = %(minor)s
    AND currency = %(currency)s AND made_at > %(since)s AND state IN ('to_buy', 'bought')
  ORDER BY id DESC LIMIT {DOUBLES_SHOWN_MAX})
UNION ALL
(SELECT 'asked', amount_minor, currency, asked_at, approval_ref, asked FROM (
    SELECT * FROM toolrouter_toolcall
    WHERE operation = %(operation)s AND project_ref = %(project)s AND mode = %(mode)s
      AND state = ANY(%(asked)s) AND amount_minor = %(minor)s AND currency = %(currency)s
    ORDER BY id DESC LIMIT {LOOKED_AT_MAX}) alike
  WHERE strpos(asked, %(in_words)s) > 0 ORDER BY id DESC)
"""  # noqa: S608  # constants only


def is_new_payee(payee: Payee, *, mode: str) -> bool:
    """Say whether no owner has confirmed whom that domain pays; a typed name is always new."""
    known = ConfirmedPayee.objects.filter(payee=payee.domain, mode=mode)
    return not payee.domain or not known.exists()


def payee_of(entry: AnyOperation, asked: str) -> str:
    """Return whom a call pays, by its own words; "" where they were erased or name nobody."""
    if not asked or entry.payee is None:
        return ""
    reading = read_arguments(entry, json.loads(asked)["arguments"])
    return entry.payee(reading.arguments) if reading.arguments else ""


def notes_about(
    payee: Payee,
    amount: Money,
    *,
    operation: str,
    project_ref: str,
    mode: str,
    now: datetime,
    replaces: str = "",
) -> list[str]:
    """Return what whoever decides should know of a payee: new, last paid, probable doubles.

    A payee is new until an owner has confirmed whom that domain pays; a typed name is always new.
    What it ``replaces`` is no double. One statement.
    """
    vendor = payee.domain or payee.name
    with connection.cursor() as cursor:
        cursor.execute(
            _KNOWN,
            {
                "payee": payee.domain,
                "name": payee.name,
                "in_words": json.dumps(vendor),
                "mode": mode,
                "project": project_ref,
                "operation": operation,
                "minor": amount.amount_minor,
                "currency": amount.currency,
                "since": now - DOUBLES_WITHIN,
                "asked": [*WAITING, *RUNNING],
            },
        )
        found = [Known(*row) for row in cursor.fetchall()]
    known, paid, bought, asked = (
        [each for each in found if each.what == what]
        for what in ("confirmed", "paid", "bought", "asked")
    )
    entry = registry().find(operation)
    doubles = [_bought_alike(each) for each in bought]
    doubles += [
        f"Probably a double: {amount} to this payee is asked for in another request ({each.ref})."
        for each in asked
        if each.ref != replaces
        and isinstance(entry, Operation)
        and payee_of(entry, each.words) == vendor
    ]
    return [
        *([] if known else [_NEW_DOMAIN if payee.domain else _NEW_NAME]),
        _last_paid(paid[0]) if paid else "Nothing was paid to this payee before.",
        *doubles[:DOUBLES_SHOWN_MAX],
    ]


@dataclass(frozen=True, slots=True)
class Known:
    """One thing that is known of a payee."""

    what: str
    minor: int
    currency: str
    at: date | None
    ref: str
    words: str

    @property
    def amount(self) -> Money:
        """Return how much was paid, or approved."""
        return Money(self.minor, self.currency)


def _last_paid(paid: Known) -> str:
    return f"Last paid to this payee: {paid.amount} on {paid.at:%-d %b %Y}."


def _bought_alike(bought: Known) -> str:
    badge = PURCHASES[PurchaseState(bought.words)].badge.lower()
    return (
        f"Probably a double: {bought.amount} to this payee was approved on"
        f" {bought.at:%-d %b %Y} ({badge}, {bought.ref})."
    )
