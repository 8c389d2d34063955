"""Sample entries in bulk: made by the server itself, with the same content and hash."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import connection

from ledger import content

BATCH_MAX: Final = 50_000

# Random references with our shape; md5 is only a fast source of base-16 text here.
_SEED = f"""
WITH drawn AS (
  SELECT n, md5(random()::text) AS one, md5(random()::text) AS two
  FROM generate_series(1, %(count)s) n
), shaped AS (
  SELECT 'led_' || left(one, 26) AS reference,
    'sample.sale:ord_' || left(two, 26) AS key, 'revenue' AS kind, 'order.paid' AS event,
    'ord_' || left(two, 26) AS subject,
    ARRAY['cs_test_' || one || two, 'pi_' || left(two, 24)]::varchar[] AS refs,
    '{{}}'::jsonb AS facts, 'sample' AS mode, 'trc_' || right(one, 26) AS trace_ref,
    %(now)s::timestamptz - n * interval '1 minute' AS occurred_at,
    %(now)s::timestamptz AS recorded_at
  FROM drawn
), fresh AS (
  INSERT INTO ledger_ledgerentry (reference, key, kind, event, subject, refs, facts, mode,
    trace_ref, occurred_at, recorded_at, content_hash)
  SELECT entry.*, sha256('\\x00'::bytea || convert_to(concat_ws(chr(9), '{content.VERSION}',
    reference, key, kind, event, subject, to_jsonb(refs), facts, mode, trace_ref,
    occurred_at AT TIME ZONE 'UTC', recorded_at AT TIME ZONE 'UTC',
    '2;assets:stripe 100 USD,income:sales -100 USD'), 'UTF8'))
  FROM shaped entry RETURNING id
)
INSERT INTO ledger_posting (entry_id, account, amount_minor, currency)
SELECT id, account, amount_minor, 'USD'
FROM fresh, (VALUES ('assets:stripe', 100::bigint), ('income:sales', -100::bigint))
  AS leg (account, amount_minor)
"""  # noqa: S608  # constants only


def seed_sample(*, count: int, now: datetime) -> int:
    """Append ``count`` paid sample sales of $1.00 and return how many.

    Raises ValueError above BATCH_MAX, because the zero-sum check of each leg waits for the commit:
    call it once per transaction.
    """
    if not 0 < count <= BATCH_MAX:
        raise ValueError(f"seed between 1 and {BATCH_MAX} entries at a time")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL DateStyle = 'ISO'")  # the line of an entry has ISO times
        cursor.execute(_SEED, {"count": count, "now": now})
    return count
