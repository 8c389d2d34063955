"""``manage.py`` behind its settings: what a person can cause ends in one sentence."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType

from django.core.management import execute_from_command_line
from django.db.utils import InterfaceError, OperationalError

from kernel.connections import is_database_away
from trinity.stopping import stoppable

SignalHandler = Callable[[int, FrameType | None], object] | int | None


def run(arguments: Sequence[str], *, at_ctrl_c: SignalHandler = signal.default_int_handler) -> None:
    """Run one of Django's commands. Raises SystemExit; an error of ours keeps its traceback.

    ``at_ctrl_c`` is what Ctrl-C did when the process began: nothing, where a shell said so.
    """
    if not all(_is_text(argument) for argument in arguments):
        sys.exit("manage.py: an argument is not valid UTF-8; type it anew.")
    with stoppable("manage.py"):
        signal.signal(signal.SIGINT, at_ctrl_c)
        try:
            execute_from_command_line(list(arguments))
        except (OperationalError, InterfaceError) as error:
            if not is_database_away(error):
                raise
            sys.exit("manage.py: the database does not answer; start the stack with bin/run.")


def _is_text(argument: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in argument)
