"""``manage.py empty_event_bodies --contact con_…``: forget what Stripe wrote about one person."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from revenue.providers import gateway_for_worker
from revenue.usecases.empty_bodies import NoSuchContact, empty_bodies_of, empty_old_bodies


class Command(BaseCommand):
    """Empty events of one person, or those kept longer than BODY_KEPT_DAYS."""

    help = "Empty the bodies of Stripe events: of one person, or of all that are old enough."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whom it is about; nobody in particular means: the old ones."""
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--contact", metavar="con_…", help="every event about this person")
        which.add_argument(
            "--old", action="store_true", help="every event older than BODY_KEPT_DAYS"
        )

    def handle(self, *_args: object, contact: str | None, old: bool, **_options: object) -> None:
        """Empty, and say how many."""
        gateway, now = gateway_for_worker(), datetime.now(UTC)
        if old or contact is None:
            kept = timedelta(days=settings.BODY_KEPT_DAYS)
            emptied = empty_old_bodies(gateway=gateway, kept=kept, now=now)
        else:
            try:
                emptied = empty_bodies_of(contact, gateway=gateway, actor_id=None, now=now)
            except NoSuchContact as error:
                raise CommandError(f"Nobody is known as {contact!r}.") from error
        self.stdout.write(f"{emptied} event(s) emptied. Ids, digests and everything recorded stay.")
