"""``manage.py sale_approver``: who approves in ``bin/sale``. In the sandbox only."""

from __future__ import annotations

import json
from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from kernel.modes import Mode
from trinity.people.operations import NobodyThere
from trinity.people.usecases.sale_approver import end_sale_approver, make_sale_approver


class Command(BaseCommand):
    """Make an owner with a password of their own, or end one that was made so."""

    help = "Make the person who approves in a played sale, or end them. In the sandbox only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the address of the one who has done their work."""
        parser.add_argument("--end", metavar="EMAIL", help="deactivate this one")

    def handle(self, *_args: object, end: str | None, **_options: object) -> None:
        """Print their address and password as JSON, or end them."""
        if settings.DEPLOYMENT_MODE != Mode.SANDBOX:
            raise CommandError(
                "sale_approver works in the sandbox only; elsewhere people of the team approve."
            )
        if end is None:
            made = make_sale_approver(now=timezone.now())
            self.stdout.write(json.dumps({"email": made.email, "password": made.password}))
            return
        try:
            end_sale_approver(email=end, now=timezone.now())
        except NobodyThere as reason:
            raise CommandError(f"{end}: {reason}.") from None
        self.stdout.write(f"{end} is deactivated.")
