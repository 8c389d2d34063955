"""What an agent's call costs over MCP, and what agents' calls that hang cost everybody else.

Eight payment links are asked for and approved, and the provider leaves them unanswered. Meanwhile
signed events of open checkouts come in, one after another; the time from each to its paid order is
set against the same stream with no tool at work.
"""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import httpx
import stripe

from benchmarks.deciding import approve_as_owner, the_owner
from benchmarks.processing import completed, open_checkouts
from benchmarks.route import WARM_UP, a_lead, database_now, token_for
from crm.enums import DealStage
from crm.models import Deal
from revenue.models import Offer, Order
from toolrouter.enums import CallState
from toolrouter.exchanges.verifying import note_keys
from toolrouter.models import ToolCall
from toolrouter.tasks import run_approved_calls
from toolrouter.usecases.authenticate import authenticate
from toolrouter.usecases.propose import propose
from trinity.stack import commands
from trinity.stack.home import ROOT
from trinity.stack.private import Stack

HANGING: Final = 8
HANG_MS: Final = 30_000
CALLS: Final = 200  # with the warm-up, below what one run may make in a minute
PATIENCE_S: Final = 60.0
PAUSE_S: Final = 0.01  # between two looks


def run(context: Any) -> dict[str, float]:
    figures = {"mcp_call_ms_p50": mcp_call_ms_p50(context.stack)}
    events = 40 if context.quick else 150
    with worker(context.stack):
        paid_after_ms(context.stack, 5)  # its first ones are slow
        idle = _p95(paid_after_ms(context.stack, events))
        with hanging_tools(context.stack):
            busy = _p95(paid_after_ms(context.stack, events))
    return figures | {
        "webhook_p95_ms_idle": idle,
        "webhook_p95_ms_with_8_hanging_tools": busy,
        "webhook_p95_hanging_vs_idle": busy / idle,
    }


def mcp_call_ms_p50(stack: Stack) -> float:
    """A read over MCP, from the request to its answer, by one client over one connection."""
    deal_ref = a_lead()
    with httpx.Client(headers=_headers(token_for(deal_ref)), timeout=PATIENCE_S) as client:
        taken_ms = [_call_ms(stack, client, deal_ref) for _ in range(WARM_UP + CALLS)]
    return statistics.median(taken_ms[WARM_UP:])


def _headers(token: str) -> dict[str, str]:
    return {
        "accept": "application/json, text/event-stream",
        "authorization": f"Bearer {token}",
        "mcp-protocol-version": "2025-11-25",
    }


def _call_ms(stack: Stack, client: httpx.Client, deal_ref: str) -> float:
    asked = {"name": "read_lead", "arguments": {"deal": deal_ref}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": asked}
    began = time.perf_counter()
    answer = client.post(f"http://localhost:{stack.env['MCP_PORT']}/mcp", json=body).json()
    taken_ms = (time.perf_counter() - began) * 1000
    if answer["result"]["structuredContent"]["status"] != "done":
        raise RuntimeError(f"the router answered {answer}")
    return taken_ms


@contextmanager
def worker(stack: Stack) -> Iterator[None]:
    """Run the worker of webhooks, which the benchmarks' stack leaves out."""
    process = subprocess.Popen(
        commands.worker(),
        cwd=ROOT,
        env=stack.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def paid_after_ms(stack: Stack, count: int) -> list[float]:
    """Return, of ``count`` events posted one after another, how long each order took to be paid."""
    secret = stack.env["STRIPE_WEBHOOK_SECRETS"].split(",")[0]
    waits = []
    with httpx.Client() as client:
        for checkout in open_checkouts(count, now=database_now()):
            body = completed(checkout)
            signed = stripe.WebhookSignature.generate_signature_header(body.decode(), secret)
            began = time.perf_counter()
            client.post(
                f"{stack.doors_url}/webhooks/stripe",
                content=body,
                headers={"stripe-signature": signed, "content-type": "application/json"},
            ).raise_for_status()
            paid = Order.objects.filter(checkout=checkout, paid_at__isnull=False)
            _wait_until(paid.exists, "the order was not paid")
            waits.append((time.perf_counter() - began) * 1000)
    return waits


@contextmanager
def hanging_tools(stack: Stack) -> Iterator[None]:
    """Let eight approved calls be due whose provider does not answer, until the block ends."""
    note_keys(clock=database_now)  # nothing is asked of a provider that was not tested
    approved = [approved_link() for _ in range(HANGING)]
    # What the price of the link needs is made by now; the links themselves hang.
    rule = {"effect": "delay", "delay_ms": HANG_MS, "path": "/v1/payment_links", "method": "POST"}
    httpx.post(
        f"{stack.sandbox_url}/_sandbox/faults",
        json=rule,
        headers={"authorization": f"Bearer {stack.env['STRIPE_SECRET_KEY']}"},
    ).raise_for_status()
    _wait_until(lambda: database_now() >= max(approved), "their hold does not end")
    for _ in range(HANGING):
        run_approved_calls.delay()
    executing = ToolCall.objects.filter(state=CallState.EXECUTING)
    _wait_until(lambda: executing.count() == commands.TOOL_PROCESSES, "the tools do not hang")
    yield
    if not executing.exists():
        raise RuntimeError("the tools did not hang until the end")


def approved_link() -> datetime:
    """Have a run ask for a payment link and the owner approve it; return when it may run."""
    deal_ref = a_lead()
    offer = Offer.objects.get(slug="acquisition-snapshot")
    Deal.objects.filter(reference=deal_ref).update(stage=DealStage.QUALIFIED, offer_id=offer.pk)
    credential = authenticate(token_for(deal_ref))
    if credential is None:
        raise RuntimeError("nobody has that token")
    answer = propose(
        credential, None, "revenue.prepare_payment_link", {"deal": deal_ref}, "bench-1"
    )
    if answer.approval is None:
        raise RuntimeError(f"the router answered {answer.status}: {answer.codes}")
    return approve_as_owner(answer.approval, the_owner())


def _wait_until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        if time.monotonic() > deadline:
            raise RuntimeError(what)
        time.sleep(PAUSE_S)


def _p95(waits_ms: list[float]) -> float:
    return statistics.quantiles(waits_ms, n=20)[-1]
