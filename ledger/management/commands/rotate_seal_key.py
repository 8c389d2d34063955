"""``manage.py rotate_seal_key``: sign with a fresh key from now on."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from ledger.usecases.rotate_seal_key import rotate_seal_key


class Command(BaseCommand):
    """Replace the key in SEAL_KEY_FILE; the old private key is destroyed."""

    help = "Sign seals with a fresh key. Older seals stay good; the old private key is destroyed."

    def handle(self, *_: Any, **__: Any) -> None:
        """Rotate and print."""
        new_key = rotate_seal_key(actor_id=None, now=timezone.now())
        self.stdout.write(f"Seals are signed with key {new_key} from now on.")
