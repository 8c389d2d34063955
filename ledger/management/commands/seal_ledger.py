"""``manage.py seal_ledger``: seal now what the sweep would seal within ten seconds."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ledger import providers
from ledger.ports import HeadsUnreadable, SealKeyMissing
from ledger.queries.seals import ChainShorterThanHead, PublishedKeyChanged, newest_seal
from ledger.usecases.rebuild import rebuild_derived
from ledger.usecases.seal import seal_due


class Command(BaseCommand):
    """Seal now; with ``--rebuild`` also make the sealer's list and the balances anew."""

    help = "Seal every committed ledger entry that no seal covers yet."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say how to call it."""
        parser.add_argument(
            "--rebuild",
            action="store_true",
            help="first list every unsealed entry again and sum the balances from the legs",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Seal and print."""
        if options["rebuild"]:
            self.stdout.write(f"Listed again: {rebuild_derived():,} entries. Balances summed.")
        try:
            signer = providers.signer(may_make=newest_seal() is None)
            entries = 0
            while done := seal_due(signer=signer, sink=providers.head_sink(), now=timezone.now()):
                entries += done
        except (
            SealKeyMissing,
            ChainShorterThanHead,
            PublishedKeyChanged,
            HeadsUnreadable,
        ) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Sealed {entries:,} entries.")
