"""How a program of ours ends when a person stops it, or when whoever reads it goes away."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

# 128 and the signal's number, as shells count: SIGINT, SIGPIPE.
STOPPED: Final = 130
NOBODY_READS: Final = 141


@contextmanager
def stoppable(program: str) -> Iterator[None]:
    """End ``program`` at Ctrl-C with one sentence, and where ``head`` has enough in silence.

    Raises SystemExit with the exit code that a shell expects.
    """
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        print(f"{program}: stopped. What was recorded stays.", file=sys.stderr)
        sys.exit(STOPPED)
    except BrokenPipeError:
        if not _has_lost_its_reader(sys.stdout.fileno()):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is buffered
        sys.exit(NOBODY_READS)


def _has_lost_its_reader(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, 0)  # an error is told unasked
    return bool(poll.poll(0))
