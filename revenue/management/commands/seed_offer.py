"""``manage.py seed_offer``: put the acquisition snapshot on sale, once."""

from __future__ import annotations

from django.core.management.base import BaseCommand
from django.utils import timezone

from revenue.usecases.seed_offer import seed_offer


class Command(BaseCommand):
    """Publish the one-dollar snapshot unless it is there. Safe to run at every start."""

    help = "Publish the $1.00 acquisition snapshot, unless any version of it exists."

    def handle(self, *_args: object, **_options: object) -> None:
        """Seed, and say what is on sale."""
        offer, is_new = seed_offer(now=timezone.now())
        words = "published" if is_new else "there already"
        self.stdout.write(f"offer {offer.slug}, version {offer.version}: {words}, {offer.price}")
