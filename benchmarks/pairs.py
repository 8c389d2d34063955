"""Revenue events and their ledger entries in bulk, each as ``revenue.operations.booking`` does it.

In mode *test*, because comparisons leave samples out: what is measured is what runs.
"""

from __future__ import annotations

from typing import Final

from django.db import connection, transaction

from kernel.references import reference_sql
from ledger import content

EVENTS_PER_ORDER: Final = 5  # a payment and four fees
BATCH: Final = 10_000  # orders at once: the zero-sum check of each leg waits for the commit

_CHECKOUTS: Final = """
INSERT INTO revenue_checkoutsession (reference, mode, state, origin, trace_ref, amount_minor,
  currency, stripe_id, url, parameters, entry_page, attempts, last_error, lease_token, created_at,
  opened_at, handed_off_at, completed_at)
SELECT 'chk_' || left(md5('chk' || n), 26), 'test', 'complete', 'foreign',
  'trc_' || left(md5('trc' || n), 26), 100, 'USD', 'cs_test_' || n, '', '{}', '/', 0, '', 0,
  now(), now(), now(), now()
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
"""
_ORDERS: Final = """
INSERT INTO revenue_order (reference, mode, state, checkout_id, trace_ref, amount_minor, currency,
  tax_minor, buyer_email, buyer_name, payment_intent_id, charge_id, placed_at, paid_at,
  refunded_minor, disputed_minor, review_reason)
SELECT 'ord_' || left(md5(made.reference), 26), 'test', 'paid', made.id, made.trace_ref, 100, 'USD',
  0, '', '', 'pi_' || left(md5(made.reference), 24), '', now(), now(), 0, 0, ''
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
JOIN revenue_checkoutsession made ON made.stripe_id = 'cs_test_' || n
"""
_EVENTS: Final = f"""
INSERT INTO revenue_revenueevent (reference, mode, order_id, kind, amount_minor, currency, fact_key,
  stripe_object_id, source, trace_ref, occurred_at, recorded_at)
SELECT {reference_sql("rev", at="now()", seed="sold.reference || part")}, 'test', sold.id,
  CASE part WHEN 0 THEN 'payment' ELSE 'fee' END, CASE part WHEN 0 THEN 100 ELSE -3 END, 'USD',
  sold.reference || ':' || part, sold.payment_intent_id, 'delivery', sold.trace_ref,
  now() - sold.id %% 365 * interval '1 day', now()
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
JOIN revenue_checkoutsession made ON made.stripe_id = 'cs_test_' || n
JOIN revenue_order sold ON sold.checkout_id = made.id
CROSS JOIN generate_series(0, {EVENTS_PER_ORDER - 1}) part
"""  # noqa: S608  # constants only
_ENTRIES: Final = f"""
WITH shaped AS (
  SELECT 'led_' || left(md5(own.reference), 26) AS reference, 'revenue:' || own.fact_key AS key,
    'revenue' AS kind, own.kind || '_booked' AS event, sold.reference AS subject,
    ARRAY[own.reference, own.stripe_object_id]::varchar[] AS refs,
    jsonb_build_object('amount_minor', own.amount_minor, 'currency', own.currency) AS facts,
    own.mode, own.trace_ref, own.occurred_at, own.recorded_at, own.amount_minor AS minor,
    CASE own.kind WHEN 'fee' THEN 'expenses:fees' ELSE 'income:sales' END AS account
  FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
  JOIN revenue_checkoutsession made ON made.stripe_id = 'cs_test_' || n
  JOIN revenue_order sold ON sold.checkout_id = made.id
  JOIN revenue_revenueevent own ON own.order_id = sold.id
), fresh AS (
  INSERT INTO ledger_ledgerentry (reference, key, kind, event, subject, refs, facts, mode,
    trace_ref, occurred_at, recorded_at, content_hash)
  SELECT reference, key, kind, event, subject, refs, facts, mode, trace_ref, occurred_at,
    recorded_at, sha256('\\x00'::bytea || convert_to(concat_ws(chr(9), '{content.VERSION}',
      reference, key, kind, event, subject, to_jsonb(refs), facts, mode, trace_ref,
      occurred_at AT TIME ZONE 'UTC', recorded_at AT TIME ZONE 'UTC',
      concat('2;assets:stripe ', minor, ' USD,', account, ' ', -minor, ' USD')), 'UTF8'))
  FROM shaped RETURNING id, key
)
INSERT INTO ledger_posting (entry_id, account, amount_minor, currency)
SELECT fresh.id, leg.account, leg.minor, 'USD' FROM fresh JOIN shaped USING (key)
CROSS JOIN LATERAL (VALUES ('assets:stripe', minor), (shaped.account, -minor)) leg (account, minor)
"""  # noqa: S608  # constants only


def fill(entries: int) -> None:
    """Make orders with five events and entries each, until there are ``entries`` of them."""
    orders = -(-entries // EVENTS_PER_ORDER)
    for first in range(1, orders + 1, BATCH):
        span = {"first": first, "last": min(first + BATCH - 1, orders)}
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL DateStyle = 'ISO'")  # the line of an entry has ISO times
            for step in (_CHECKOUTS, _ORDERS, _EVENTS, _ENTRIES):
                cursor.execute(step, span)
