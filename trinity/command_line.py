"""How ``manage.py`` ends where it was stopped, or where what it was given is no text."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Sequence
from typing import Final

from django.core.management import execute_from_command_line
from django.db.utils import OperationalError

# 128 and the signal's number, as shells count: SIGINT, SIGPIPE.
INTERRUPTED: Final = 130
NOBODY_READS: Final = 141


def run(arguments: Sequence[str]) -> None:
    """Run one of Django's commands; what a person can cause ends in one sentence or in silence.

    Raises SystemExit. An error of ours keeps its traceback.
    """
    if not all(_is_text(argument) for argument in arguments):
        sys.exit("manage.py: an argument is not valid UTF-8; type it anew.")
    try:
        execute_from_command_line(list(arguments))
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("manage.py: interrupted; what it had finished stays.", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        if not _has_lost_its_reader(sys.stdout.fileno()):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is buffered
        sys.exit(NOBODY_READS)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) is not None:
            raise
        sys.exit("manage.py: the database does not answer; start the stack with bin/run.")


def _is_text(argument: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in argument)


def _has_lost_its_reader(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, 0)  # an error is told unasked
    return bool(poll.poll(0))
