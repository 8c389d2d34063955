"""``manage.py after_restore``: this database is older than what was done; hold it and look."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from toolrouter.exchanges.starts import after_restore
from toolrouter.operations import By
from toolrouter.queries.clock import database_now


class Command(BaseCommand):
    """Hold the account after a restore. Needs the database and nothing else."""

    help = (
        "Say that the database was restored from a backup: agents are held, open requests expire,"
        " and what may have run meanwhile is looked for. Where a seals log is kept, the database"
        " finds out by itself."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what the owner who closes the incident should know."""
        parser.add_argument("--reason", default="", help="why, and from which backup")

    def handle(self, *_args: object, reason: str, **_: object) -> None:
        """Hold it and say what comes next."""
        by = By(actor_id=None, reason=reason or "Somebody said that a backup was restored.")
        incident_ref = after_restore(by=by, now=database_now())
        self.stdout.write(f"Agents are on hold: incident {incident_ref}.")
        self.stdout.write("Open requests have expired. What may have run is looked for.")
        self.stdout.write("An owner closes the incident when nothing is unknown any more.")
