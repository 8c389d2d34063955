"""``manage.py reset_second_factors``: after a leak, everybody sets up their second factor anew."""

from __future__ import annotations

from django.core.management.base import BaseCommand
from django.utils import timezone

from trinity.people.usecases.reset_second_factors import reset_second_factors


class Command(BaseCommand):
    """Remove everybody's second factors and end all sessions; write it to the ledger."""

    help = (
        "Remove everybody's passkeys, apps and recovery codes, and end all sessions. For one "
        "person: reset_login EMAIL --mfa."
    )

    def handle(self, *_args: object, **_options: object) -> None:
        """Reset, then say whose."""
        done = reset_second_factors(now=timezone.now())
        for each in done:
            self.stdout.write(
                f"{each.email}: {each.second_factors_removed} second factor(s) removed, "
                f"{each.sessions_ended} session(s) ended."
            )
        self.stdout.write(
            "Everybody logs in with their password and sets up a second factor again."
            if done
            else "Nobody has a second factor or a session."
        )
