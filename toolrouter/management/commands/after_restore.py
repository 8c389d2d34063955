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
        "Say that the database was restored from a backup: agents go on hold, open requests"
        " expire, and providers are asked what ran since the backup. With a seals log this happens"
        " without the command."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what the owner who closes the incident should know."""
        parser.add_argument("--reason", default="", help="why, and from which backup")

    def handle(self, *_args: object, reason: str, **_: object) -> None:
        """Hold it and say what comes next."""
        by = By(actor_id=None, reason=reason or "A backup was restored.")
        incident_ref = after_restore(by=by, now=database_now())
        self.stdout.write(f"Agents are on hold: incident {incident_ref}.")
        self.stdout.write("Open requests have expired. Providers are asked what ran since then.")
        self.stdout.write("An owner closes the incident when no outcome is unknown any more.")
