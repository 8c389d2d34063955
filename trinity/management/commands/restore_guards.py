"""``manage.py restore_guards``: what the database must hold, put back where somebody took it."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from kernel import guard_check
from trinity.restore_guards import restore_guards


class Command(BaseCommand):
    """A line for each guard that did not stand as declared. Exit code 1 where one does not yet."""

    help = (
        "Make the triggers, functions and constraints that doctor misses anew, and drop those "
        "that nobody declared: all of them or, where rows are against it, none."
    )
    requires_system_checks = ()

    def handle(self, *_args: object, **_options: object) -> None:
        """Restore, say what was wrong, and look again."""
        try:
            found = restore_guards(now=timezone.now())
        except DatabaseError as error:
            # Names tables and constraints; only the detail would hold values of rows.
            words = getattr(getattr(error.__cause__, "diag", None), "message_primary", None)
            raise CommandError(f"Nothing was changed: {words or type(error).__name__}.") from None
        for fault in found:
            self.stdout.write(f"{fault}{': put right' if fault.repair else ''}")
        if left := guard_check.faults(using="default"):
            raise CommandError(f"{len(left)} to be made as their migrations did (sqlmigrate).")
        self.stdout.write("All guards stand as declared. Now run manage.py verify_ledger.")
