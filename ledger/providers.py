"""Which key signs, which keys are trusted, and where heads are kept: as settings say.

The private half is read by ``signer`` and ``next_signer`` alone, and those are called by who seals
and by the rotation. Whoever verifies asks ``pinned_keys``.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils.module_loading import import_string

from ledger.adapters.key_file import KeyFile
from ledger.adapters.pin_file import PinFile, read_key
from ledger.ports import HeadSink, Signer


def signer(*, may_make: bool, now: datetime) -> Signer:
    """Return who signs. Never called inside a transaction: it may write files.

    With ``may_make`` a key is made on first use; without, SealKeyMissing is raised, because seals
    exist and a key that nobody knows would go on with somebody else's chain. Where no key was
    ever pinned, this one is, and those of the heads kept outside (``pin_first``).
    """
    key_file = Path(settings.SEAL_KEY_FILE)
    key = KeyFile.load_or_make(key_file) if may_make else KeyFile.load(key_file)
    pin_first(key.public_key, now=now)
    return key


def next_signer() -> Signer:
    """Return the key that waits to take over; make it where none waits. Not in a transaction."""
    return KeyFile.load_or_make(_next_key_file())


def take_over() -> None:
    """Put the next key in the place of the old one, whose private half is then gone."""
    KeyFile.move(_next_key_file(), Path(settings.SEAL_KEY_FILE))


def has_next_signer() -> bool:
    """Say whether a rotation was begun and not finished."""
    return _next_key_file().exists()


def pinned_keys() -> list[bytes]:
    """Return the public keys that are trusted beforehand. Raises PinsUnreadable.

    Those of ``settings.SEAL_PUBLIC_KEYS`` and no other, where there are any; else those in the
    file of pins.
    """
    pinned = [read_key(text, where="SEAL_PUBLIC_KEYS") for text in settings.SEAL_PUBLIC_KEYS]
    return pinned or pin_file().keys()


def pin_first(*keys: bytes, now: datetime) -> None:
    """Pin ``keys`` and those of the heads kept outside, where nothing was ever pinned here.

    On a fresh system that is the key just made; after the upgrade from 0.1 it is what stood in
    ``seals.log`` then, to be compared with what was published.
    """
    pins = pin_file()
    if settings.SEAL_PUBLIC_KEYS or pins.exists():
        return
    published = {head.public_key for head in head_sink().heads()}
    why = "found in seals.log: compare it with what you published" if published else "made here"
    pins.begin(sorted({*keys, *published}), why=why, now=now)


def pin_file() -> PinFile:
    """Return the file of pins: ``settings.SEAL_PINS``, or ``seal.pins`` beside the key file."""
    beside = Path(settings.SEAL_KEY_FILE).with_name("seal.pins")
    return PinFile(Path(settings.SEAL_PINS or beside))


def head_sink() -> HeadSink:
    """Return where heads are kept outside the database: ``settings.SEAL_HEAD_SINK``."""
    sink: HeadSink = import_string(settings.SEAL_HEAD_SINK)(settings.SEALS_LOG)
    return sink


def _next_key_file() -> Path:
    key_file = Path(settings.SEAL_KEY_FILE)
    return key_file.with_name(f"{key_file.name}.next")
