"""Which key signs, and where heads are kept: as settings say."""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import import_string

from ledger.adapters.key_file import KeyFile
from ledger.ports import HeadSink, SealKeyMissing, Signer


def signer(*, may_make: bool) -> Signer:
    """Return who signs. Never called inside a transaction: it may write a file.

    With ``may_make`` a key is made on first use; without, SealKeyMissing is raised, because seals
    exist and a key that nobody knows would go on with somebody else's chain.
    """
    if may_make:
        return KeyFile.load_or_make(settings.SEAL_KEY_FILE)
    return KeyFile.load(settings.SEAL_KEY_FILE)


def public_key() -> bytes | None:
    """Return the public half of the key file, None where this process has no key file."""
    try:
        return signer(may_make=False).public_key
    except SealKeyMissing:
        return None


def replace_key() -> Signer:
    """Put a fresh key in the place of the old one. Never called inside a transaction."""
    return KeyFile.replace(settings.SEAL_KEY_FILE)


def head_sink() -> HeadSink:
    """Return where heads are kept outside the database: ``settings.SEAL_HEAD_SINK``."""
    sink: HeadSink = import_string(settings.SEAL_HEAD_SINK)(settings.SEALS_LOG)
    return sink
