"""Work that arrives together is done together: one call, in a thread, for many who wait."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

TOGETHER_MAX: Final = 64


class TooManyWait(Exception):
    """So many wait already that one more would wait too long."""


class Coalescer(Generic[Item, Result]):
    """Lets coroutines of one event loop share calls of ``work``, which blocks.

    ``work`` gets one to TOGETHER_MAX items in the order in which they came, and returns one
    result for each; a result that is an exception is raised to whoever brought that item. What
    ``work`` itself raises is raised to all of them. At most ``threads`` calls run at once; what
    arrives meanwhile waits for the next. Nobody is answered before the call that did their item
    has returned.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Sequence[Result | Exception]],
        *,
        threads: int,
        waiting_max: int,
    ) -> None:
        self._work, self._waiting_max, self._idle = work, waiting_max, threads
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="together")
        self._is_due = False

    async def do(self, item: Item) -> Result:
        """Return the result for ``item``, or raise it. Raises TooManyWait without trying."""
        if len(self._waiting) >= self._waiting_max:
            raise TooManyWait
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Result] = loop.create_future()
        self._waiting.append((item, answer))
        if not self._is_due:  # soon, not now: what came in the same moment goes along
            self._is_due = True
            loop.call_soon(self._begin)
        # Whoever stops waiting does not stop the work: it may be half done.
        return await asyncio.shield(answer)

    def _begin(self) -> None:
        self._is_due = False
        while self._waiting and self._idle:
            taken = [self._waiting.popleft() for _ in range(min(TOGETHER_MAX, len(self._waiting)))]
            self._idle -= 1
            loop = asyncio.get_running_loop()
            call = loop.run_in_executor(self._pool, self._work, [item for item, _ in taken])
            answers = [answer for _, answer in taken]
            call.add_done_callback(lambda call, answers=answers: self._end(call, answers))  # type: ignore[misc]  # of a default

    def _end(
        self,
        call: asyncio.Future[Sequence[Result | Exception]],
        answers: Sequence[asyncio.Future[Result]],
    ) -> None:
        self._idle += 1
        failure = call.exception()
        results = [failure] * len(answers) if failure else call.result()
        for answer, result in zip(answers, results, strict=True):
            if isinstance(result, BaseException):
                answer.set_exception(result)
                answer.exception()  # whoever waited may have gone: then nobody needs to be told
            else:
                answer.set_result(result)
        self._begin()
