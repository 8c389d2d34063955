"""Work that arrives together is done together."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from kernel.coalescing import TOGETHER_MAX, Coalescer, TooManyWait

FATAL = 1313


class Work:
    """Squares numbers; holds the first call until it is told to go on."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.may_go = threading.Event()

    def __call__(self, numbers: Sequence[int]) -> list[int | Exception]:
        self.calls.append(list(numbers))
        assert self.may_go.wait(10)
        if FATAL in numbers:
            raise RuntimeError("all of them")
        return [ValueError(n) if n < 0 else n * n for n in numbers]


def started(work: Work, *, threads: int = 1, waiting_max: int = 1000) -> Coalescer[int, int]:
    return Coalescer(work, threads=threads, waiting_max=waiting_max)


T = TypeVar("T")


def alone(play: Coroutine[Any, Any, T]) -> T:
    """Run ``play`` in a thread of its own: in this one a browser's loop may run already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, play).result()


async def settle(calls: int, work: Work) -> None:
    while len(work.calls) < calls:
        await asyncio.sleep(0.005)


def test_what_comes_in_one_moment_is_one_call() -> None:
    work = Work()
    work.may_go.set()

    async def play() -> list[int]:
        together = started(work)
        return await asyncio.gather(*(together.do(n) for n in range(5)))

    assert alone(play()) == [0, 1, 4, 9, 16]
    assert work.calls == [[0, 1, 2, 3, 4]]


def test_what_comes_during_a_call_is_the_next_and_no_call_is_too_long() -> None:
    work = Work()

    async def play() -> list[int]:
        together = started(work)
        first = asyncio.create_task(together.do(0))
        await settle(1, work)
        rest = [asyncio.create_task(together.do(n)) for n in range(1, TOGETHER_MAX + 3)]
        await asyncio.sleep(0.02)
        work.may_go.set()
        return await asyncio.gather(first, *rest)

    assert alone(play()) == [n * n for n in range(TOGETHER_MAX + 3)]
    assert [len(call) for call in work.calls] == [1, TOGETHER_MAX, 2]


def test_nobody_is_answered_before_their_call_has_returned() -> None:
    work = Work()

    async def play() -> bool:
        together = started(work)
        task = asyncio.create_task(together.do(3))
        await settle(1, work)
        await asyncio.sleep(0.05)
        was_early = task.done()
        work.may_go.set()
        assert await task == 9
        return was_early

    assert alone(play()) is False


def test_an_error_is_for_whoever_brought_it() -> None:
    work = Work()
    work.may_go.set()

    async def play() -> list[int | BaseException]:
        together = started(work)
        return await asyncio.gather(*(together.do(n) for n in (2, -1, 3)), return_exceptions=True)

    good, bad, also_good = alone(play())
    assert (good, type(bad), also_good) == (4, ValueError, 9)
    assert work.calls == [[2, -1, 3]]


def test_a_call_that_fails_fails_for_all_of_it_and_the_next_goes_on() -> None:
    work = Work()
    work.may_go.set()

    async def play() -> tuple[list[int | BaseException], int]:
        together = started(work)
        failed = await asyncio.gather(*(together.do(n) for n in (1, FATAL)), return_exceptions=True)
        return failed, await together.do(2)

    failed, after = alone(play())
    assert [type(each) for each in failed] == [RuntimeError, RuntimeError]
    assert after == 4


def test_whoever_stops_waiting_stops_nothing() -> None:
    work = Work()

    async def play() -> int:
        together = started(work)
        gone = asyncio.create_task(together.do(1))
        stays = asyncio.create_task(together.do(2))
        await settle(1, work)
        gone.cancel()
        await asyncio.sleep(0)
        work.may_go.set()
        return await stays

    assert alone(play()) == 4
    assert work.calls == [[1, 2]]


def test_too_many_are_told_so_at_once() -> None:
    work = Work()

    async def play() -> None:
        together = started(work, waiting_max=2)
        first = asyncio.create_task(together.do(0))
        await settle(1, work)
        waiting = [asyncio.create_task(together.do(n)) for n in (1, 2)]
        await asyncio.sleep(0)
        with pytest.raises(TooManyWait):
            await together.do(3)
        work.may_go.set()
        assert await asyncio.gather(first, *waiting) == [0, 1, 4]

    alone(play())
