"""``manage.py doctor``: look at everything a sale depends on, and say what to do."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from revenue.providers import gateway_for_web
from trinity.doctor import (
    agents,
    books,
    broker,
    database,
    deployment,
    research,
    selling,
    serving,
)
from trinity.doctor.findings import Finding, Level

WHAT_WIDTH = 22


def _is_away(of_database: Sequence[Finding]) -> bool:
    return any(each.what == "database" and each.level == Level.BAD for each in of_database)


class Command(BaseCommand):
    """A line for each thing that was looked at. Exit code 1 where anything is broken."""

    help = "Look at settings, database, broker, doors, Stripe, offers, mail, seals and sweeps."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say how to call it."""
        parser.add_argument(
            "--verify",
            action="store_true",
            help="ask each provider whose account our key opens, and record the answer: agents may "
            "use it under this key from then on",
        )

    def handle(self, *_args: object, verify: bool, **_options: object) -> None:
        """Look, say how each thing stands, and what to do about it."""
        counts = dict.fromkeys(Level, 0)
        for finding in self._findings(datetime.now(UTC), verify=verify):
            counts[finding.level] += 1
            self._say(finding)
        words = ", ".join(f"{count} {level}" for level, count in counts.items())
        if counts[Level.BAD]:
            raise CommandError(f"{words}. What is bad stops sales or endangers the books.")
        self.stdout.write(f"{words}.")

    def _findings(self, now: datetime, *, verify: bool) -> Iterator[Finding]:
        yield from deployment.look_at_settings()
        of_database = list(database.look_at_database())
        yield from of_database
        yield from broker.look_at_broker()
        yield from serving.look_at_serving()
        yield from selling.look_at_stripe(gateway_for_web())
        yield from deployment.look_at_mail()
        yield from research.look_at_search(verify=verify)
        if not _is_away(of_database):
            yield from agents.look_at_open_requests()  # also before the tables are migrated
        if any(each.what in {"database", "migrations"} and each.level == Level.BAD
               for each in of_database):  # fmt: skip
            return  # what follows would only repeat that
        try:
            yield from agents.look_at_runtime()
            yield from agents.look_at_providers(verify=verify)
            yield from agents.look_at_gates()
            yield from selling.look_at_offers()
            yield from selling.look_at_prices(gateway_for_web())
            yield from selling.look_at_refusals(now)
            yield from selling.look_at_work(now)
            yield from books.look_at_seal_key()
            yield from books.look_at_pins()
            yield from books.look_at_sealing()
            yield from books.look_at_heads(now)
        except DatabaseError as error:
            raise CommandError(f"The database failed ({type(error).__name__}).") from error

    def _say(self, finding: Finding) -> None:
        styles = {
            Level.OK: self.style.SUCCESS,
            Level.WARN: self.style.WARNING,
            Level.BAD: self.style.ERROR,
        }
        mark = styles[finding.level](f"{finding.level:<4}")
        self.stdout.write(f"{mark}  {finding.what:<{WHAT_WIDTH}}  {finding.words}")
        if finding.remedy:
            self.stdout.write(f"{'':<6}{'':<{WHAT_WIDTH}}  -> {finding.remedy}")
