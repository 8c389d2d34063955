"""``manage.py seed_local``: what a stack on one machine needs to be of use at once."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from kernel.modes import Mode
from trinity.people.usecases.seed_owner import seed_owner

OFFER_COMMAND, CAPS_COMMAND = "seed_offer", "seed_caps"


class Command(BaseCommand):
    """Make the owner's login, the sample offer and, in the sandbox, small caps. Safe to repeat."""

    help = "Make the local owner (OWNER_EMAIL, OWNER_PASSWORD_FILE) and the sample offer, once."

    def handle(self, *_args: object, **_options: object) -> None:
        """Seed; a second time changes nothing."""
        if settings.DEPLOYMENT_MODE == Mode.LIVE:
            raise CommandError("seed_local refuses to run in live mode; invite people instead.")
        email = os.environ.get("OWNER_EMAIL", "").strip()
        password_file = os.environ.get("OWNER_PASSWORD_FILE", "").strip()
        if not email or not password_file:
            raise CommandError("Set OWNER_EMAIL and OWNER_PASSWORD_FILE.")
        password = Path(password_file).read_text(encoding="utf-8").strip()
        if len(password) < 12:
            raise CommandError(f"{password_file} must hold a password of 12 characters or more.")
        is_new = seed_owner(email=email, password=password, now=timezone.now())
        self.stdout.write(f"owner {email}: {'made' if is_new else 'there already'}")
        if OFFER_COMMAND in get_commands():
            call_command(OFFER_COMMAND, stdout=self.stdout)
        if settings.DEPLOYMENT_MODE == Mode.SANDBOX:
            call_command(CAPS_COMMAND, stdout=self.stdout)
