"""``manage.py make_seats --lanes N``: let a runtime in that works on several runs."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from toolrouter.planning import LANES_MAX
from toolrouter.queries.clock import database_now
from toolrouter.usecases.make_seats import make_seats


class Command(BaseCommand):
    """Print a lane and its token on each line of stdout. The seats that were there before end."""

    help = "Make the seats of the agent's runtime. Its tokens are shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take how many lanes there are."""
        parser.add_argument("--lanes", type=int, default=2, metavar="N")

    def handle(self, *_args: object, lanes: int, **_options: object) -> None:
        """Make the seats."""
        if not 1 <= lanes <= LANES_MAX:
            raise CommandError(f"There are 1 to {LANES_MAX} lanes.")
        for seat in make_seats(lanes=lanes, actor_id=None, now=database_now()):
            self.stdout.write(f"{seat.lane} {seat.token}")
