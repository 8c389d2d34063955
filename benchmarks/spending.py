"""What a spend costs: the answer to one that takes all of its caps, and races for one cap's money.

A race is decisions: eight processes each approve spends of a run of their own, all let go at the
same moment. Under one cap they wait for each other at the account's; with caps in eight currencies
each process is alone.
"""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Sequence
from itertools import count
from typing import Any, Final

from django.conf import settings
from django.db import connection

from benchmarks.deciding import approve_as_owner, the_owner
from benchmarks.route import a_lead, database_now, token_for
from benchmarks.statements import counted
from kernel.money import Money
from toolrouter.enums import CapScope, CapWindow, Family, RunKind
from toolrouter.models import Reservation
from toolrouter.operations.changes import By, CapKey
from toolrouter.queries.credentials import credential_of
from toolrouter.usecases.authenticate import authenticate
from toolrouter.usecases.change_cap import change_cap
from toolrouter.usecases.propose import propose
from toolrouter.vocabulary import Status

PROCESSES: Final = 8
CURRENCIES: Final = ("USD", "EUR", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN")
WAITING: Final = 10  # requests of one run that wait, as many as may
CEILING_MINOR: Final = 10_00
PATIENCE_S: Final = 120.0
_number: Final = count()


def run(context: Any) -> dict[str, float]:
    settings.RUN_PROPOSALS_PER_MINUTE_MAX = settings.RUN_CALLS_PER_MINUTE_MAX = 10**9
    settings.RUN_WAITING_MAX = 10**9  # the limits are no part of what is measured
    asked_ms, statements = _asked(runs=5 if context.quick else 40)
    each = 15 if context.quick else 60
    race([CURRENCIES[0]] * PROCESSES, each=5)  # the first one is slow
    one = race([CURRENCIES[0]] * PROCESSES, each=each)
    spread = race(CURRENCIES, each=each)
    return {
        "route_spend_ms_p50": statistics.median(asked_ms),
        "route_spend_sql": float(statements),
        "cap_race_per_s": one,
        "cap_race_vs_spread": one / spread,
    }


def _asked(*, runs: int) -> tuple[list[float], int]:
    """Return how long each answer took that takes exactly what its run has, and its statements."""
    taken_ms = []
    for _ in range(runs):
        token = spending_run(CURRENCIES[0], limit_minor=CEILING_MINOR)
        for _ in range(WAITING):
            began = time.perf_counter()
            ask(token, CURRENCIES[0])
            taken_ms.append((time.perf_counter() - began) * 1000)
    with counted() as work:
        ask(token, CURRENCIES[0])
    return taken_ms[WAITING:], work.statements


def race(currencies: Sequence[str], *, each: int) -> float:
    """Return the decisions per second of a process for each currency, ``each`` decisions long."""
    forked = multiprocessing.get_context("fork")
    gate = forked.Barrier(len(currencies) + 1)
    processes = []
    for currency in currencies:
        token = spending_run(currency, limit_minor=each * CEILING_MINOR)
        approvals = [ask(token, currency) for _ in range(each)]
        processes.append(forked.Process(target=_approve_all, args=(approvals, gate)))
    before = Reservation.objects.count()
    connection.close()
    connection.close_pool()  # its threads do not outlive a fork: each process opens its own
    for process in processes:
        process.start()
    gate.wait(PATIENCE_S)
    began = time.perf_counter()
    for process in processes:
        process.join(PATIENCE_S)
    taken_s = time.perf_counter() - began
    made = Reservation.objects.count() - before
    if made != len(currencies) * each:
        raise RuntimeError(f"{made} of {len(currencies) * each} spends were reserved")
    return made / taken_s


def _approve_all(approvals: Sequence[str], gate: Any) -> None:
    """Approve one after the other, as the owner: in a process of its own."""
    owner = the_owner()
    gate.wait(PATIENCE_S)
    for approval in approvals:
        approve_as_owner(approval, owner)


def spending_run(currency: str, *, limit_minor: int) -> str:
    """Make a run with that much to spend, and its token; account and project have plenty."""
    token = token_for(a_lead(), kind=RunKind.FULFILMENT)
    credential = credential_of(token)
    if credential is None:
        raise RuntimeError("nobody has that token")
    refs = {CapScope.PROJECT: credential.project_ref, CapScope.RUN: credential.run_ref}
    for scope in (CapScope.ACCOUNT, CapScope.PROJECT, CapScope.RUN):
        for window in CapWindow:
            key = CapKey(
                scope=scope,
                ref=refs.get(scope, ""),
                family=Family.PURCHASE,
                currency=currency,
                mode=credential.mode,
                time_window=window,
            )
            limit = limit_minor if scope == CapScope.RUN else 10**10
            change_cap(
                key=key,
                limit=Money(limit, currency),
                by=By(actor_id=None, reason="measured"),
                now=database_now(),
            )
    return token


def ask(token: str, currency: str) -> str:
    """Ask for a purchase that no other is like; return what people are asked by."""
    credential, number = authenticate(token), next(_number)
    if credential is None:
        raise RuntimeError("nobody has that token")
    arguments = {
        "amount_minor": CEILING_MINOR,
        "currency": currency,
        "vendor": f"vendor-{number}.example",
        "what": f"Report {number}",
        "why": "It is measured.",
        "category": "data",
        "evidence": [],
    }
    answer = propose(credential, None, "purchase.propose", arguments, f"bench-{number}")
    if answer.status != Status.NEEDS_APPROVAL or answer.approval is None:
        raise RuntimeError(f"the router answered {answer.status}: {answer.codes}")
    return answer.approval
