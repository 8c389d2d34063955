"""``manage.py seal_ledger``: seal now what the sweep would seal within ten seconds."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ledger import providers
from ledger.exchanges.seals import seal_due
from ledger.ports import SealingRefused
from ledger.queries.holders import sealer_held_up_by
from ledger.queries.seals import newest_seal, oldest_unsealed_at
from ledger.usecases.begin_log import begin_log
from ledger.usecases.rebuild import rebuild_derived


class Command(BaseCommand):
    """Seal now; options make anew what is derived from the chain, when a person says so."""

    help = "Seal every committed ledger entry that no seal covers yet."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say how to call it."""
        parser.add_argument(
            "--rebuild",
            action="store_true",
            help="first list every unsealed entry again and sum the balances from the legs",
        )
        parser.add_argument(
            "--new-log",
            action="store_true",
            help="the seals log was moved aside, or this machine never had one: begin another",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Seal and print."""
        if options["rebuild"]:
            self.stdout.write(f"Listed again: {rebuild_derived():,} entries. Balances summed.")
        try:
            if options["new_log"]:
                heads = begin_log(sink=providers.head_sink(), now=timezone.now())
                self.stdout.write(f"Begun a new log with {heads:,} heads.")
            signer = providers.signer(may_make=newest_seal() is None, now=timezone.now())
            entries = 0
            while done := seal_due(signer=signer, sink=providers.head_sink(), now=timezone.now()):
                entries += done
        except SealingRefused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Sealed {entries:,} entries.")
        if oldest_unsealed_at() and (holders := sealer_held_up_by()):
            names = "; ".join(map(str, holders))
            self.stdout.write(f"Entries wait: the sealer's lock is held by {names}.")
