"""``manage.py pin_seal_key [HEX]``: which keys of the ledger are trusted; trust one more."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ledger import providers
from ledger.ports import KEY_BYTES, PinsUnreadable, key_id


class Command(BaseCommand):
    """Pins are outside the database, so that whoever owns it cannot change whom we trust."""

    help = "List the pinned public keys; with HEX pin one more, by hand, in the file of pins."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say how to call it."""
        parser.add_argument("key", nargs="?", metavar="HEX", help="a public key, 64 hex digits")

    def handle(self, *_: Any, **options: Any) -> None:
        """Pin, and list."""
        pins = providers.pin_file()
        try:
            if options["key"]:
                self._pin(_read(options["key"]))
            for key in providers.pinned_keys():
                self.stdout.write(f"{key.hex()}  key {key_id(key)[:16]}")
        except PinsUnreadable as error:
            raise CommandError(str(error)) from error
        where = "SEAL_PUBLIC_KEYS" if settings.SEAL_PUBLIC_KEYS else str(pins)
        self.stdout.write(f"Pinned in {where}. Compare each with the one that you published.")

    def _pin(self, key: bytes) -> None:
        if settings.SEAL_PUBLIC_KEYS:
            raise CommandError("SEAL_PUBLIC_KEYS says whom to trust: add the key there.")
        if key not in providers.pinned_keys():
            providers.pin_file().add(key, why="by hand", now=timezone.now())


def _read(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise CommandError("A public key has 64 hex digits.")
    return key
