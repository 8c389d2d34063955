"""From a filed event to a paid order: one worker process, its statements, its pace.

Needs a private stack without a worker. The pace is set against pgbench running as many single-row
statements per transaction, in the same run.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction

from benchmarks.filing import pgbench_binary
from benchmarks.statements import counted
from kernel.references import new_reference
from revenue.adapters.stripe_signature import read_notice
from revenue.enums import CheckoutOrigin, CheckoutState, EventState, Source
from revenue.exchanges.events import process_due
from revenue.models import CheckoutSession, Offer, StripeWebhookEvent
from revenue.operations.event_filing import file_event
from revenue.providers import gateway_for_worker
from trinity.stack.private import Stack

DRAIN: Final = """
import django; django.setup()
import time
from datetime import UTC, datetime
from revenue.enums import Source
from revenue.providers import gateway_for_worker
from revenue.tasks import process_webhooks
from revenue.exchanges.events import process_due
clock = lambda: datetime.now(UTC)
process_due(gateway=gateway_for_worker(), source=Source.DELIVERY, clock=clock, limit=1)
began = time.perf_counter()
while process_webhooks(): pass
print(time.perf_counter() - began)
"""


def queue_sales(count: int) -> None:
    """File ``count`` events, each of an open checkout of its own with a buyer of its own."""
    now = datetime.now(UTC)
    with transaction.atomic():
        for checkout in open_checkouts(count, now=now):
            body = completed(checkout)
            file_event(read_notice(body), body=body, is_stripe_itself=False, now=now)


def open_checkouts(count: int, *, now: datetime) -> list[CheckoutSession]:
    """Make ``count`` open checkouts, as if as many buyers were about to pay."""
    offer = Offer.objects.get(slug="acquisition-snapshot")
    checkouts = [
        CheckoutSession(
            reference=new_reference("chk"),
            mode=settings.DEPLOYMENT_MODE,
            state=CheckoutState.OPEN,
            origin=CheckoutOrigin.OFFER_PAGE,
            offer=offer,
            trace_ref=new_reference("trc"),
            amount_minor=offer.amount_minor,
            currency=offer.currency,
            stripe_id=f"cs_test_{new_reference('chk')[4:]}",
            created_at=now,
        )
        for _ in range(count)
    ]
    return CheckoutSession.objects.bulk_create(checkouts, batch_size=500)


def completed(checkout: CheckoutSession) -> bytes:
    """Return the event that says that ``checkout`` was paid."""
    tail = checkout.reference[4:]
    body = _TEMPLATE
    for mark, value in {
        "@tail@": tail,
        "@trace@": checkout.trace_ref,
        "@cs@": checkout.stripe_id or "",
        "@amount@": str(checkout.amount_minor),
        "@currency@": checkout.currency.lower(),
    }.items():
        body = body.replace(mark, value)
    return body.encode()


_TEMPLATE: Final = """{"id": "evt_@tail@", "object": "event", "api_version": "2026-10-28.endive",
"created": 1790000000, "type": "checkout.session.completed", "livemode": false,
"data": {"object": {"id": "@cs@", "object": "checkout.session", "status": "complete",
"payment_status": "paid", "livemode": false, "amount_total": @amount@, "currency": "@currency@",
"total_details": {"amount_tax": 0}, "client_reference_id": "chk_@tail@",
"metadata": {"checkout_ref": "chk_@tail@", "trace_ref": "@trace@"},
"payment_intent": "pi_@tail@", "payment_link": null, "customer": null,
"customer_details": {"email": "buyer-@tail@@example.com", "name": "A Buyer"},
"url": null, "created": 1790000000, "expires_at": 1790086400}}}"""


def statements_per_sale(count: int = 50) -> float:
    """Statements per sale, claim and attempt row included, counted at the wire."""
    queue_sales(count)
    with counted() as counts:
        while process_due(
            gateway=gateway_for_worker(), source=Source.DELIVERY, clock=lambda: datetime.now(UTC)
        ):
            pass
    return counts.statements / count


def sales_per_s(stack: Stack, *, count: int) -> float:
    """Sales per second of one fresh worker process, start-up not counted."""
    queue_sales(count + 1)
    done = subprocess.run(
        [sys.executable, "-c", DRAIN], env=stack.env, capture_output=True, text=True, check=True
    )
    waiting = StripeWebhookEvent.objects.filter(next_attempt_at__isnull=False).exclude(
        state__in=[EventState.PROCESSED, EventState.IGNORED]
    )
    if waiting.exists():
        raise RuntimeError(f"not processed: {set(waiting.values_list('error_class', flat=True))}")
    return count / float(done.stdout)


def single_row_statements_per_s(stack: Stack, *, statements: int, seconds: int) -> float:
    """Transactions per second of pgbench with ``statements`` single-row INSERTs each, 1 client."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS bench_row"
            " (id bigserial PRIMARY KEY, a text UNIQUE, b text, c bigint, at timestamptz)"
        )
    insert = (
        "INSERT INTO bench_row (a, b, c, at) VALUES ('r' || :x || '_{0}', 'words', :x, now())"
        " ON CONFLICT DO NOTHING;\n"
    )
    lines = "".join(insert.format(number) for number in range(statements))
    script = f"\\set x random(1, 1000000000000)\nBEGIN;\n{lines}COMMIT;\n"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.sql"
        file.write_text(script)
        done = subprocess.run(
            [
                str(pgbench_binary()),
                *("-M", "prepared", "-n", "-c", "1", "-T", str(seconds), "-f", str(file)),
                stack.env["MIGRATION_DATABASE_URL"],
            ],
            capture_output=True,
            text=True,
            check=True,
        )
    return next(
        float(line.split()[2]) for line in done.stdout.splitlines() if line.startswith("tps = ")
    )


def run(context: Any) -> dict[str, float]:
    stack: Stack = context.stack
    StripeWebhookEvent.objects.filter(state=EventState.RECEIVED).update(next_attempt_at=None)
    rounds, count, seconds = (1, 300, 2) if context.quick else (3, 2_000, 4)
    sql = statements_per_sale()
    paces, bare = [], []
    for _ in range(rounds):
        bare.append(single_row_statements_per_s(stack, statements=round(sql), seconds=seconds))
        paces.append(sales_per_s(stack, count=count))
    return {
        "process_per_s": statistics.median(paces),
        "process_sql": sql,
        "pgbench_sales_per_s": statistics.median(bare),
        "process_vs_pgbench": statistics.median(
            pace / most for pace, most in zip(paces, bare, strict=True)
        ),
    }
