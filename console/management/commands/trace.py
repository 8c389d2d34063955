"""``manage.py trace REF [--json]``: one sale, every stage in order."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from console.queries.trace import KINDS, build_trace, traces_of
from console.trace_text import as_json, as_text

REFERENCE_CHARS_MAX = 100  # Stripe's longest session ids stay below


class Command(BaseCommand):
    """Show one sale. Exit code 1 when the reference is unknown; gaps are shown, not an error."""

    help = "Show one sale, from first visit to proof. REF is any reference of it, also Stripe's."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a reference, and how to print."""
        parser.add_argument("ref", metavar="REF", help=KINDS)
        parser.add_argument("--json", action="store_true", help="print JSON instead of text")

    def handle(self, *_: Any, **options: Any) -> None:
        """Print the trace. Raises CommandError when nothing is known."""
        traces = traces_of(options["ref"])
        trace = build_trace(traces[0]) if traces else None
        if trace is None:
            asked = options["ref"][:REFERENCE_CHARS_MAX]
            raise CommandError(f"No sale with the reference {asked!r}. It may be {KINDS}.")
        if options["json"]:
            self.stdout.write(json.dumps(as_json(trace), indent=2))
        else:
            self.stdout.write(as_text(trace), ending="")
        if others := traces[1:]:
            self.stderr.write(
                f"{options['ref']} has {len(traces)} sales; this is the newest. "
                f"The others: {', '.join(others)}."
            )
