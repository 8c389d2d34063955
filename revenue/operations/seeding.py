"""Sample sales in bulk, made by the server itself. Repeating adds nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from kernel.modes import Mode
from kernel.money import Money
from kernel.references import new_reference, reference_sql
from revenue.enums import OfferState
from revenue.models import Offer, Order

BATCH_MAX: Final = 50_000
SLUG: Final = "sample-snapshot"


@dataclass(frozen=True, slots=True, kw_only=True)
class WonDeal:
    """A won sample deal that wants its order."""

    deal_id: int
    contact_id: int
    trace_ref: str
    order_ref: str
    won_at: datetime


# Where the rows come from: known deals, or nothing but a number. ``key`` tells a sale from others;
# one in ten is paid in euros; the last two digits of ``n`` tell what became of it.
_OF_DEALS: Final = """
SELECT 'd' || deal_id AS key, deal_id AS n, deal_id, contact_id, trace_ref, order_ref,
  'USD' AS unit, won_at AS made_at, 'paid' AS state
FROM unnest(%(deal_ids)s::bigint[], %(contact_ids)s::bigint[], %(trace_refs)s::text[],
  %(order_refs)s::text[], %(won_ats)s::timestamptz[])
  AS sold (deal_id, contact_id, trace_ref, order_ref, won_at)
"""
_OF_NUMBERS: Final = f"""
SELECT 'n' || n AS key, n, NULL::bigint AS deal_id, NULL::bigint AS contact_id,
  'trc_' || left(md5('sale' || n), 26) AS trace_ref,
  {reference_sql("ord", at="made_at", seed="'sale' || n")} AS order_ref,
  CASE WHEN n %% 10 = 0 THEN 'EUR' ELSE 'USD' END AS unit, made_at,
  CASE WHEN n %% 100 < 4 THEN 'refunded' WHEN n %% 100 < 6 THEN 'partially_refunded'
    WHEN n %% 100 < 7 THEN 'disputed' WHEN n %% 100 < 9 THEN 'failed'
    WHEN n %% 100 < 10 THEN 'awaiting_payment' ELSE 'paid' END AS state
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n, LATERAL (
  SELECT %(now)s::timestamptz - (%(total)s - n) * interval '365 days' / %(total)s AS made_at) moment
"""  # noqa: S608  # constants only

_CHECKOUTS: Final = f"""
INSERT INTO revenue_checkoutsession (reference, mode, state, origin, offer_id, deal_id, trace_ref,
  amount_minor, currency, stripe_id, url, parameters, entry_page, attempts, last_error,
  lease_token, created_at, opened_at, handed_off_at, completed_at)
SELECT {reference_sql("chk", at="made_at", seed="'chk' || key")}, 'sample', 'complete',
  CASE WHEN deal_id IS NULL THEN 'offer_page' ELSE 'deal' END, %(offer)s, deal_id, trace_ref, 100,
  unit, 'cs_sample_' || key, '', '{{{{}}}}',
  CASE WHEN deal_id IS NULL THEN '/offers/{SLUG}/' ELSE '' END, 0, '', 0,
  made_at, made_at, made_at, made_at
FROM ({{source}}) source ON CONFLICT DO NOTHING
"""  # noqa: S608  # constants only
_ORDERS: Final = """
INSERT INTO revenue_order (reference, mode, state, checkout_id, offer_id, deal_id, contact_id,
  trace_ref, amount_minor, currency, tax_minor, buyer_email, buyer_name, payment_intent_id,
  charge_id, placed_at, paid_at, payment_failed_at, refunded_minor, disputed_minor, review_reason)
SELECT order_ref, 'sample', source.state, made.id, %(offer)s, source.deal_id, contact_id,
  source.trace_ref, 100, unit, 0, 'buyer-' || key || '@sample.example', 'Sample Buyer ' || n,
  'pi_sample_' || key, 'ch_sample_' || key, made_at,
  CASE WHEN source.state NOT IN ('failed', 'awaiting_payment') THEN made_at END,
  CASE WHEN source.state = 'failed' THEN made_at END,
  CASE source.state WHEN 'refunded' THEN 100 WHEN 'partially_refunded' THEN 40 ELSE 0 END,
  CASE source.state WHEN 'disputed' THEN 100 ELSE 0 END, ''
FROM ({source}) source
JOIN revenue_checkoutsession made ON made.stripe_id = 'cs_sample_' || key
ON CONFLICT DO NOTHING
"""
_EVENTS: Final = """
INSERT INTO revenue_stripewebhookevent (stripe_id, type, object_id, api_version, account, livemode,
  mode, body, body_sha256, fact_sha256, state, attempts, waits_for, error_class, error,
  stripe_created_at, received_at, settled_at, emptied_at, trace_ref, order_id, lease_token)
SELECT 'evt_sample_' || key, 'checkout.session.completed', 'cs_sample_' || key, 'sample', '',
  false, 'sample', NULL, md5(key) || md5(key), '', 'processed', 1, '', '', '', made_at, made_at,
  made_at, made_at, sold.trace_ref, sold.id, 1
FROM ({source}) source JOIN revenue_order sold ON sold.reference = order_ref
ON CONFLICT DO NOTHING
"""
_ATTEMPTS: Final = """
INSERT INTO revenue_webhookattempt (event_id, source, started_at, duration_ms, outcome,
  error_class, error)
SELECT filed.id, 'delivery', made_at, 12, 'recorded', '', ''
FROM ({source}) source JOIN revenue_stripewebhookevent filed
  ON filed.stripe_id = 'evt_sample_' || key
WHERE NOT EXISTS (SELECT 1 FROM revenue_webhookattempt known WHERE known.event_id = filed.id)
"""
_MONEY: Final = f"""
INSERT INTO revenue_revenueevent (reference, mode, order_id, kind, amount_minor, currency, fact_key,
  stripe_object_id, event_id, source, trace_ref, occurred_at, recorded_at)
SELECT {reference_sql("rev", at="made_at", seed="fact.kind || key")}, 'sample', sold.id, fact.kind,
  fact.minor, unit, 'sample:' || key || ':' || fact.kind, 'pi_sample_' || key, filed.id,
  'delivery', sold.trace_ref, made_at, made_at
FROM ({{source}}) source
JOIN revenue_order sold ON sold.reference = order_ref
JOIN revenue_stripewebhookevent filed ON filed.stripe_id = 'evt_sample_' || key,
LATERAL (VALUES ('payment', 100::bigint), ('refund', -sold.refunded_minor),
  ('dispute', -sold.disputed_minor)) AS fact (kind, minor)
WHERE sold.paid_at IS NOT NULL AND fact.minor <> 0
ON CONFLICT DO NOTHING
"""  # noqa: S608  # constants only
_MAILS: Final = f"""
INSERT INTO revenue_buyermail (reference, mode, order_id, kind, dedupe_key, state, to_address,
  message_id, attempts, error_class, queued_at, sent_at, lease_token)
SELECT {reference_sql("mail", at="made_at", seed="'mail' || key")}, 'sample', sold.id, 'paid', '',
  'sent', sold.buyer_email, '', 1, '', made_at, made_at, 1
FROM ({{source}}) source JOIN revenue_order sold ON sold.reference = order_ref
WHERE sold.paid_at IS NOT NULL ON CONFLICT DO NOTHING
"""  # noqa: S608  # constants only
_STEPS: Final = {
    "checkouts": _CHECKOUTS,
    "orders": _ORDERS,
    "events": _EVENTS,
    "attempts": _ATTEMPTS,
    "money": _MONEY,
    "mails": _MAILS,
}
_FOR_DEALS: Final = {made: step.format(source=_OF_DEALS) for made, step in _STEPS.items()}
_FOR_NUMBERS: Final = {made: step.format(source=_OF_NUMBERS) for made, step in _STEPS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleOrder:
    """The paid order of a won sample deal."""

    id: int
    reference: str
    offer_id: int | None
    deal_id: int | None
    trace_ref: str
    amount: Money
    placed_at: datetime


def seed_sample_offer(*, now: datetime) -> int:
    """Return the id of the offer that sample sales are of; nobody can buy it."""
    offer, _made = Offer.objects.get_or_create(
        slug=SLUG,
        version=1,
        defaults={
            "reference": new_reference("off"),
            "state": OfferState.PUBLISHED,
            "title": "Sample snapshot",
            "summary": "Made up, to show pages full of rows.",
            "delivered": "Nothing",
            "refund_policy": "Nobody paid.",
            "amount_minor": 100,
            "currency": "USD",
            "is_public": False,
            "is_sample": True,
            "created_at": now,
            "published_at": now,
        },
    )
    return offer.pk


def seed_sample_of_deals(*, deals: Sequence[WonDeal], offer_id: int) -> list[SampleOrder]:
    """Make the orders of won sample deals, with their money, and return them. Six statements."""
    words: dict[str, Any] = {
        "offer": offer_id,
        "deal_ids": [deal.deal_id for deal in deals],
        "contact_ids": [deal.contact_id for deal in deals],
        "trace_refs": [deal.trace_ref for deal in deals],
        "order_refs": [deal.order_ref for deal in deals],
        "won_ats": [deal.won_at for deal in deals],
    }
    _run(_FOR_DEALS, words)
    refs = [deal.order_ref for deal in deals]
    orders = Order.objects.filter(mode=Mode.SAMPLE, reference__in=refs).order_by("pk")
    return [
        SampleOrder(
            id=order.pk,
            reference=order.reference,
            offer_id=order.offer_id,
            deal_id=order.deal_id,
            trace_ref=order.trace_ref,
            amount=order.total,
            placed_at=order.placed_at,
        )
        for order in orders
    ]


def seed_sample(*, total: int, first: int, last: int, offer_id: int, now: datetime) -> int:
    """Make sample sales ``first`` to ``last`` of ``total`` and return how many are new.

    They are spread over the year before ``now``, the newest last, and most are paid. Raises
    ValueError above BATCH_MAX: call it once per transaction.
    """
    if last - first >= BATCH_MAX:
        raise ValueError(f"seed at most {BATCH_MAX} sales at a time")
    words = {"total": total, "first": first, "last": last, "offer": offer_id, "now": now}
    return _run(_FOR_NUMBERS, words)


def _run(steps: Mapping[str, str], words: dict[str, Any]) -> int:
    """Run the steps, one after the other; return how many orders are new."""
    made: dict[str, int] = {}
    with connection.cursor() as cursor:
        for rows, step in steps.items():
            cursor.execute(step, words)
            made[rows] = cursor.rowcount
    return made["orders"]
