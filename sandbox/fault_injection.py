"""Doing to an API call what a rule asks: come late, cut the line, or hang after the work.

What an error status looks like is each vendor's own (``Fault.status`` and ``Fault.when``).
"""

import asyncio

from starlette.requests import Request

from sandbox.faults import Fault, FaultTarget, draw_fault
from sandbox.server import sever
from sandbox.store import Store


def fault_for(store: Store, request: Request) -> Fault | None:
    """The rule that bites this call, if any; counts it."""
    return draw_fault(store, target=FaultTarget.API, method=request.method, path=request.url.path)


def cut_before_work(fault: Fault | None, request: Request) -> bool:
    """Whether the line was cut, as the rule asks: then nothing is to be done."""
    if fault is None or fault.effect != "drop" or request.client is None:
        return False
    return sever((request.client.host, request.client.port))


async def delay_work(fault: Fault | None) -> None:
    """Wait for as long as the rule asks."""
    if fault is not None and fault.delay_ms:
        await asyncio.sleep(fault.delay_ms / 1_000)


async def hang_after_work(fault: Fault | None, request: Request) -> None:
    """Where the rule asks for it, say nothing for a while and then cut the line."""
    if fault is None or fault.effect != "timeout_after_success" or request.client is None:
        return
    try:
        await asyncio.sleep(fault.hang_ms / 1_000)
    finally:  # Also when the process is told to stop meanwhile: there is never an answer.
        sever((request.client.host, request.client.port))
