"""``manage.py lend_session EMAIL``: how ``bin/sale`` gets in, whatever the password is now."""

from __future__ import annotations

from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from kernel.modes import Mode
from trinity.people.operations import AccountClosed, NobodyThere
from trinity.people.usecases.lend_session import lend_session


class Command(BaseCommand):
    """Print a cookie that is logged in for half an hour; write it to the ledger. Never live."""

    help = "Print a session cookie of this person's for a command such as bin/sale. Never live."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the address, and who uses the session."""
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--to", default="manage.py lend_session", help="who uses it")

    def handle(self, *_args: object, email: str, to: str, **_options: object) -> None:
        """Open the session and print ``name=value``."""
        if settings.DEPLOYMENT_MODE == Mode.LIVE:
            raise CommandError("lend_session refuses to run in live mode; people log in there.")
        try:
            key = lend_session(email=email, to=to, now=timezone.now())
        except NobodyThere:
            raise CommandError(f"Nobody on the team has the address {email!r}.") from None
        except AccountClosed:
            raise CommandError(
                f"The account of {email} is closed. An owner opens it again on the people page."
            ) from None
        self.stdout.write(f"{settings.SESSION_COOKIE_NAME}={key}")
