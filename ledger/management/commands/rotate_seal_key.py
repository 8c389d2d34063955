"""``manage.py rotate_seal_key``: sign with a fresh key from now on."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ledger.ports import SealingRefused, SealKeyMissing
from ledger.usecases.rotate_seal_key import RotationNotSealed, replace_lost_key, rotate_seal_key


class Command(BaseCommand):
    """Replace the key in SEAL_KEY_FILE; the old private key is destroyed."""

    help = (
        "Sign seals with a fresh key, which the old one introduces. Older seals stay good; the "
        "old private key is destroyed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say how to call it."""
        parser.add_argument(
            "--lost",
            action="store_true",
            help="the old key is lost: make one that verify_ledger names until you pin it",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Rotate and print."""
        rotate = replace_lost_key if options["lost"] else rotate_seal_key
        try:
            new_key = rotate(actor_id=None, now=timezone.now())
        except SealKeyMissing as error:
            raise CommandError(f"{error}: bring it back; --lost makes another one") from error
        except ValueError as error:
            raise CommandError(f"{error}.") from error
        except (SealingRefused, RotationNotSealed) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Seals are signed with key {new_key} from now on.")
        if options["lost"]:
            self.stdout.write(
                "Nothing vouches for it: verify_ledger names it until you pin it (pin_seal_key)."
            )
