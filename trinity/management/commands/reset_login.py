"""``manage.py reset_login EMAIL [--mfa]``: let somebody in again who lost the way."""

from __future__ import annotations

from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from trinity.people.links import password_link
from trinity.people.operations import AccountClosed, NobodyThere
from trinity.people.usecases.reset_login import reset_login


class Command(BaseCommand):
    """Print a one-time link to choose a new password; end all sessions; write it to the ledger."""

    help = "Print a one-time link by which a person chooses a new password, and end their sessions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the address, and whether second factors go too."""
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument(
            "--mfa", action="store_true", help="also remove passkeys, app and recovery codes"
        )

    def handle(self, *_args: object, email: str, mfa: bool, **_options: object) -> None:
        """Reset, then say what ended and where to go."""
        try:
            done = reset_login(email=email, removes_second_factors=mfa, now=timezone.now())
        except NobodyThere:
            raise CommandError(f"Nobody on the team has the address {email!r}.") from None
        except AccountClosed:
            raise CommandError(
                "This account is closed. An owner opens it again on the people page first."
            ) from None
        days = settings.PASSWORD_RESET_TIMEOUT // 86_400
        self.stdout.write(
            f"The old password of {email} no longer works; {done.sessions_ended} session(s) ended."
        )
        if mfa:
            self.stdout.write(f"{done.second_factors_removed} second factor(s) removed.")
        self.stdout.write(f"Choose a new password here (once, within {days} days):")
        self.stdout.write(password_link(done.user))
