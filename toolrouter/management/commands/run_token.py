"""``manage.py run_token RUN [--hours H] [--deal D …]``: let an agent into one run."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError

from toolrouter.planning import TOKEN_LASTS_AT_MOST
from toolrouter.queries import grant_of_run
from toolrouter.queries.clock import database_now
from toolrouter.usecases.make_run_token import NoToken, make_run_token

HOURS_MAX = int(TOKEN_LASTS_AT_MOST.total_seconds() // 3600)


class Command(BaseCommand):
    """Print a token of one run alone on stdout; its code and its end go to stderr."""

    help = "Print a token that lets an agent act in one run. It is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the run, how long the token lasts, and deals that the run may know of as well."""
        parser.add_argument("run", metavar="RUN", help="the run's reference or its code")
        parser.add_argument(
            "--hours", type=float, default=HOURS_MAX, metavar="H", help=f"at most {HOURS_MAX}"
        )
        parser.add_argument(
            "--deal", action="append", default=[], metavar="D", help="a deal of the same project"
        )

    def handle(self, *_args: object, run: str, hours: float, deal: list[str], **_: object) -> None:
        """Make the token."""
        if not 0 < hours <= HOURS_MAX:
            raise CommandError(f"A token lasts up to {HOURS_MAX} hours.")
        grant = grant_of_run(run)
        if grant is None:
            raise CommandError(f"There is no run {run}, or it is sample data.")
        try:
            made = make_run_token(
                run_ref=grant.run_ref,
                actor_id=None,
                now=database_now(),
                lasts=timedelta(hours=hours),
                deals=tuple(deal),
            )
        except NoToken as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stderr.write(
            f"Run {made.run_code}, valid until {made.expires_at:%d %b %Y, %H:%M} UTC."
        )
        self.stdout.write(made.token)
