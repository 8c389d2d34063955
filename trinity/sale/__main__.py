"""Plays one sale and prints its trace. Exit code 1 if a stage is missing, 2 if it broke off."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx

from trinity import guards
from trinity.sale.browser import Unexpected
from trinity.sale.steps import Sale
from trinity.stack.errors import StackError
from trinity.stack.private import Stack, attached, running
from trinity.stopping import stoppable

ROOT = Path(__file__).resolve().parent.parent.parent


def say(text: str) -> None:
    """Print one line at once, also into a pipe."""
    print(text, flush=True)


def main() -> int:
    """Play the sale against the stack of TRINITY_HOME; start one for the time if none runs."""
    try:
        guards.refuse_live_keys(os.environ, what="bin/sale")
        home = Path(os.environ.get("TRINITY_HOME", ROOT / ".trinity"))
        if (stack := attached(home)) is not None:
            return play(stack)
        say("No stack runs here; starting one for this sale.")
        with running(home=home, is_private=False) as started:
            return play(started)
    except (guards.Refused, StackError) as error:
        print(f"bin/sale: {error}", file=sys.stderr)
        return 2


def play(stack: Stack) -> int:
    """Play every step that this version has, then print the trace."""
    say(f"One sale against {stack.base_url} ({stack.mode} mode)\n")
    with closing(Sale(stack, say=say)) as sale:
        steps: list[tuple[str, Callable[[], str]]] = [
            ("Request", sale.request),
            ("Lead review", sale.review),
            ("Sales assignment", sale.prepare),
            ("Payment", sale.pay),
            ("Records", sale.settle),
        ]
        try:
            for name, step in steps:
                began = time.monotonic()
                said = step()
                say(f"  {name:<18} {said}  ({time.monotonic() - began:.1f} s)")
        except (Unexpected, httpx.HTTPError) as error:
            print(f"\nbin/sale: the sale broke off: {error}", file=sys.stderr)
            return 2
        missing = sale.missing()
        say("\n" + sale.trace_in_words())
    if missing:
        print(f"bin/sale: missing: {', '.join(missing)}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    with stoppable("bin/sale"):
        code = main()
    sys.exit(code)
