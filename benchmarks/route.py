"""How long the router takes to answer a read, and how many statements that is, in this process.

From the token to the answer: whom it lets in, counting, the decision on everything as it is under
its locks, the read itself, the row and the ledger's entry, COMMIT.
"""

from __future__ import annotations

import statistics
import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from benchmarks.statements import counted
from crm.models import Deal
from crm.operations.requests import SnapshotRequest, file_request
from kernel.money import Money
from kernel.references import new_reference
from toolrouter import operations
from toolrouter.usecases.authenticate import authenticate
from toolrouter.usecases.make_run_token import make_run_token
from toolrouter.usecases.read import read
from toolrouter.vocabulary import RunKind, Status

WARM_UP = 50


def database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def token_for(deal_ref: str, *, kind: RunKind = RunKind.SALES) -> str:
    """Make a run that knows of the deal, and a token for it."""
    now, run_ref = database_now(), new_reference("run")
    deal = Deal.objects.select_related("project", "contact").get(reference=deal_ref)
    with transaction.atomic():
        operations.open_grant(
            run_ref=run_ref,
            kind=kind,
            project_ref=deal.project.reference,
            mode=deal.mode,
            trace_ref=deal.trace_ref,
            funded=Money.zero("USD"),
            deadline=now + timedelta(hours=4),
            subjects=[deal.reference, deal.contact.reference],
            now=now,
        )
    return make_run_token(run_ref=run_ref, actor_id=None, now=now).token


def a_lead() -> str:
    asked = SnapshotRequest(
        name="Bench Mark",
        email=f"{new_reference('con')}@bench.example",
        company="Bench",
        website="https://bench.example",
        wish="Who is hiring?",
    )
    with transaction.atomic():
        return file_request(
            asked=asked, trace_ref=new_reference("trc"), mode="sandbox", now=database_now()
        )


def read_once(token: str, deal_ref: str) -> None:
    credential = authenticate(token)
    if credential is None:
        raise RuntimeError("nobody has that token")
    answer = read(credential, None, "read_lead", {"deal": deal_ref})
    if answer.status != Status.DONE:
        raise RuntimeError(f"the router answered {answer.status}: {answer.codes}")


def run(context: Any) -> dict[str, float]:
    settings.RUN_CALLS_PER_MINUTE_MAX = 10**9  # the limit is no part of what is measured
    reads = 200 if context.quick else 2_000
    deal_ref = a_lead()
    token = token_for(deal_ref)
    for _ in range(WARM_UP):
        read_once(token, deal_ref)
    with counted() as count:
        read_once(token, deal_ref)
    taken_ms = []
    for _ in range(reads):
        began = time.perf_counter()
        read_once(token, deal_ref)
        taken_ms.append((time.perf_counter() - began) * 1000)
    return {
        "route_read_ms_p50": statistics.median(taken_ms),
        "route_sql": float(count.statements),
    }
