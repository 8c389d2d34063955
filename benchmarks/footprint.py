"""How long a second start takes, and what the processes weigh after work.

Runs a stack of its own with every process, twice: the first start makes the database, the second
is the one that people wait for.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any, Final

import httpx

from benchmarks.filing import file_events
from trinity.stack.private import Stack, running

SETTLE_S_MAX: Final = 120.0


def children(pid: int) -> list[int]:
    """Every process below ``pid``, by the kernel's own list."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    direct = [int(each) for each in listed]
    return direct + [below for child in direct for below in children(child)]


def rss_mb(pid: int) -> float:
    """Resident memory of one process, in megabytes."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def heaviest(stack: Stack, name: str) -> float:
    """The heaviest process of a program: a web worker, a task process."""
    pid = stack.pids()[name]
    return max(rss_mb(each) for each in [pid, *children(pid)])


def settle(stack: Stack) -> None:
    """Wait until the worker has acted on all that was filed."""
    deadline = time.monotonic() + SETTLE_S_MAX
    while time.monotonic() < deadline:
        said = stack.manage("shell", "-c", WAITING).stdout.strip().splitlines()
        if said and said[-1] == "0":
            return
        time.sleep(1)
    raise RuntimeError("the worker did not get through")


WAITING: Final = (
    "from revenue.models import StripeWebhookEvent as E;"
    "print(E.objects.filter(state__in=['received', 'processing']).count())"
)


def run(context: Any) -> dict[str, float]:
    events = 1_000 if context.quick else 10_000
    with tempfile.TemporaryDirectory(prefix="trinity-bench-") as folder:
        Path(folder).chmod(0o711)  # Postgres may run as another user
        home = Path(folder) / "home"
        with running(home=home):
            pass
        began = time.perf_counter()
        with running(home=home) as stack:
            httpx.get(stack.base_url).raise_for_status()
            start_s = time.perf_counter() - began
            file_events(stack, count=events // 2, connections=8, offset=0)
            settle(stack)
            half = heaviest(stack, "worker")
            file_events(stack, count=events // 2, connections=8, offset=events, by="web")
            settle(stack)
            whole = heaviest(stack, "worker")
            return {
                "start_warm_s": start_s,
                "rss_web_worker_mb": heaviest(stack, "web"),
                "rss_doors_worker_mb": heaviest(stack, "doors"),
                "rss_celery_worker_mb": whole,
                "rss_celery_growth": whole / half,
            }
