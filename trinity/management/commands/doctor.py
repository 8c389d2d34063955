"""``manage.py doctor``: look at everything a sale depends on, and say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from revenue.providers import gateway_for_web
from trinity.doctor import books, broker, database, deployment, selling, serving
from trinity.doctor.findings import Finding, Level

WHAT_WIDTH = 22


class Command(BaseCommand):
    """A line for each thing that was looked at. Exit code 1 where anything is broken."""

    help = "Look at settings, database, broker, doors, Stripe, offers, mail, seals and sweeps."
    requires_system_checks = ()
    requires_migrations_checks = False

    def handle(self, *_args: object, **_options: object) -> None:
        """Look, say how each thing stands, and what to do about it."""
        counts = dict.fromkeys(Level, 0)
        for finding in self._findings(datetime.now(UTC)):
            counts[finding.level] += 1
            self._say(finding)
        words = ", ".join(f"{count} {level}" for level, count in counts.items())
        if counts[Level.BAD]:
            raise CommandError(f"{words}. What is bad stops sales or endangers the books.")
        self.stdout.write(f"{words}.")

    def _findings(self, now: datetime) -> Iterator[Finding]:
        yield from deployment.look_at_settings()
        of_database = list(database.look_at_database())
        yield from of_database
        yield from broker.look_at_broker()
        yield from serving.look_at_serving()
        yield from selling.look_at_stripe(gateway_for_web())
        yield from deployment.look_at_mail()
        if any(each.what in {"database", "migrations"} and each.level == Level.BAD
               for each in of_database):  # fmt: skip
            return  # what follows would only repeat that
        try:
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
