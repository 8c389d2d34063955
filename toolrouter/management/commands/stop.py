"""``manage.py stop [--run R | --project P | --account]``: stop what agents do, at once."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from toolrouter.enums import Scope
from toolrouter.operations import By
from toolrouter.operations.locking import NoSuchScope
from toolrouter.queries import grant_of_run
from toolrouter.queries.clock import database_now
from toolrouter.queries.left import Left, left_of
from toolrouter.usecases.stop import stop


class Command(BaseCommand):
    """Stop a run, a project or the whole account. Needs the database and nothing else."""

    help = "Stop agents until an owner releases the stop. Without an option: everywhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to stop, and why."""
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--run", metavar="R", help="a run, by its reference or its code")
        what.add_argument("--project", metavar="P", help="a project, by its reference")
        what.add_argument("--account", action="store_true", help="everything")
        parser.add_argument("--reason", default="", help="why, for whoever releases it")

    def handle(
        self, *_args: object, run: str | None, project: str | None, reason: str, **_: object
    ) -> None:
        """Stop it and say what that ended."""
        scope, ref = Scope.ACCOUNT, ""
        if run:
            grant = grant_of_run(run)
            scope, ref = Scope.RUN, grant.run_ref if grant else run
        elif project:
            scope, ref = Scope.PROJECT, project
        try:
            done = stop(
                scope=scope, ref=ref, by=By(actor_id=None, reason=reason), now=database_now()
            )
        except NoSuchScope as error:
            raise CommandError(f"There is no {scope} {ref}. Nothing was stopped.") from error
        what = f"{scope.label} {ref}".strip()
        if done.is_new:
            self.stdout.write(f"Stopped: {what}. Run tokens ended: {done.tokens_ended}.")
        else:
            self.stdout.write(f"{what} was stopped already.")
        self.stdout.write(_said_of(left_of(scope, ref, since=done.stopped_at)))
        self.stdout.write("An owner releases the stop on the safety page.")


def _said_of(left: Left) -> str:
    """Say what is left of what agents had set going."""
    if left.is_inert:
        return "Inert: nothing that agents began is open, as the providers' records confirm."
    works = sum(one.works for one in left.found)
    return (
        f"Left: {len(left.running)} at the provider or unknown, {len(left.unread)} not compared"
        f" with the provider's record, {works} done after the stop and still working,"
        f" {len(left.to_buy)} purchases not closed."
    )
