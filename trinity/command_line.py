"""``manage.py`` behind its settings: what a person can cause ends in one sentence."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from django.core.management import execute_from_command_line
from django.db.utils import OperationalError

from trinity.stopping import stoppable


def run(arguments: Sequence[str]) -> None:
    """Run one of Django's commands. Raises SystemExit; an error of ours keeps its traceback."""
    if not all(_is_text(argument) for argument in arguments):
        sys.exit("manage.py: an argument is not valid UTF-8; type it anew.")
    with stoppable("manage.py"):
        try:
            execute_from_command_line(list(arguments))
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) is not None:
                raise
            sys.exit("manage.py: the database does not answer; start the stack with bin/run.")


def _is_text(argument: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in argument)
