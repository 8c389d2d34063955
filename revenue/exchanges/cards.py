"""One card that pays one offer twice within a day, by whatever address: a person decides."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.utils.crypto import salted_hmac

from kernel.modes import Mode
from revenue.enums import Source
from revenue.models import CheckoutSession, Order
from revenue.operations.doubles import payments_by_one_card
from revenue.operations.holding import hold_or_release_work
from revenue.operations.recording_context import RecordingContext
from revenue.ports import BalanceLine, Fact, SessionFact

ORDERS_PER_STATEMENT: Final = 1_000
_REKEY: Final = """
UPDATE revenue_order SET card_digest = known.now
FROM unnest(%(old)s::text[], %(new)s::text[]) AS known (old, now)
WHERE card_digest = known.old AND card_digest <> ''
"""


def notice_cards(facts: Iterable[Fact | BalanceLine], *, source: Source, now: datetime) -> int:
    """Keep which card paid each order; hold the later of two payments of one card. No network.

    Returns how many payments were found to be possible doubles. Of a fingerprint a digest under
    SECRET_KEY is kept: it shows the same card again, and nothing to who reads the database alone.
    A digest under one of SECRET_KEY_FALLBACKS is replaced when its card is seen again; without
    those, cards from before a change of the key are not compared with cards from after it.
    Interrupted, it is simply done again.
    """
    if not (settings.COMPARE_CARD_FINGERPRINTS and settings.DOUBLE_PAYMENT_HOURS):
        return 0
    cards = {
        each.payment_intent_id: each.card_fingerprint
        for each in facts
        if isinstance(each, SessionFact | BalanceLine)
        and each.payment_intent_id
        and each.card_fingerprint
    }
    if not cards:
        return 0
    mode = settings.DEPLOYMENT_MODE
    digests = {fingerprint: card_digest(fingerprint) for fingerprint in cards.values()}
    _replace_digests_under_old_keys(digests)
    _keep({payment: digests[fingerprint] for payment, fingerprint in cards.items()}, mode=mode)
    pairs = payments_by_one_card(sorted(digests.values()), mode=mode)
    return sum(_hold_later(*pair, source=source, now=now) for pair in pairs)


def card_digest(fingerprint: str, *, key: str | None = None) -> str:
    """Return what is kept of a card's fingerprint: 64 hexadecimal digits."""
    return salted_hmac("revenue.card", fingerprint, secret=key, algorithm="sha256").hexdigest()


def _replace_digests_under_old_keys(digests: dict[str, str]) -> None:
    for key in settings.SECRET_KEY_FALLBACKS:
        old = [card_digest(fingerprint, key=key) for fingerprint in digests]
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute(_REKEY, {"old": old, "new": list(digests.values())})


def _keep(digests: dict[str, str], *, mode: str) -> None:
    """Write each digest once; none to an order without an address, whose buyer was erased."""
    payments = sorted(digests)
    for start in range(0, len(payments), ORDERS_PER_STATEMENT):
        bought = Order.objects.filter(
            payment_intent_id__in=payments[start : start + ORDERS_PER_STATEMENT],
            mode=mode,
            paid_at__isnull=False,
            card_digest="",
        ).exclude(buyer_email="")
        for order_id, payment in list(bought.values_list("pk", "payment_intent_id")):
            with transaction.atomic(durable=True):
                Order.objects.filter(pk=order_id, card_digest="").exclude(buyer_email="").update(
                    card_digest=digests[payment]
                )


def _hold_later(earlier_id: int, later_id: int, *, source: Source, now: datetime) -> bool:
    with transaction.atomic(durable=True):
        orders = Order.objects.filter(pk__in=[earlier_id, later_id])
        checkouts = CheckoutSession.objects.filter(order__in=orders).order_by("pk")
        list(checkouts.select_for_update(no_key=True).values_list("pk"))
        held = orders.in_bulk()
        earlier, later = held[earlier_id], held[later_id]
        if later.double_of_id is not None or not (earlier.is_held and later.is_held):
            return False  # decided, or given back, since it was found
        later.double_of = earlier
        Order.objects.filter(pk=later_id).update(double_of=earlier)
        context = RecordingContext(mode=Mode(later.mode), source=source, now=now, occurred_at=now)
        hold_or_release_work(context, later)
    return True
