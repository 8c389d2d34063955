"""``manage.py seed_caps``: small caps for a new sandbox."""

from __future__ import annotations

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from kernel.modes import Mode
from toolrouter.queries.clock import database_now
from toolrouter.usecases.seed_caps import seed_caps


class Command(BaseCommand):
    """Set small caps where none was ever set. In the sandbox only: elsewhere an owner sets them."""

    help = "Set small caps for account, projects and runs of the sandbox, where there is none."

    def handle(self, *_args: object, **_options: object) -> None:
        """Seed; a second time changes nothing."""
        if settings.DEPLOYMENT_MODE != Mode.SANDBOX:
            raise CommandError("seed_caps is for the sandbox; an owner sets caps elsewhere.")
        self.stdout.write(f"caps: {seed_caps(now=database_now())} set")
