"""The books: the key that signs them, whom we trust, and what is kept outside the database."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings

from ledger import queries as ledger
from trinity.doctor.findings import Finding, bad, ok, warn

HELD_UP_FROM: Final = timedelta(minutes=1)  # sealing and recording take less than a second


def look_at_seal_key() -> Iterator[Finding]:
    """The key that signs the ledger."""
    key = Path(settings.SEAL_KEY_FILE)
    if not key.exists():
        yield warn("seal key", f"{key} is not there yet", "The first seal makes it; back it up.")
    elif stat.S_IMODE(key.stat().st_mode) & 0o077:
        yield bad("seal key", f"{key} can be read by others", f"Run chmod 600 {key}.")
    elif not os.access(key, os.R_OK):
        yield warn("seal key", f"{key} cannot be read by this user", "Run doctor as the worker's.")
    else:
        yield ok("seal key", f"{key}, readable by its owner only")


def look_at_pins() -> Iterator[Finding]:
    """Which keys of the ledger are trusted beforehand."""
    what, pins = "pinned keys", ledger.pins()
    if pins.fault:
        yield bad(what, pins.fault, "Correct it, or restore it from your copy.")
    elif pins.key_ids:
        names = ", ".join(name[:16] for name in pins.key_ids)
        yield ok(what, f"{names} ({pins.where}); compare them with what you published")
    elif not ledger.seal_state().number:
        yield ok(what, "none yet; the first seal pins its key")
    else:
        yield bad(
            what,
            f"none in {pins.where}: nothing that the ledger says can be trusted",
            "Pin the key that you published: manage.py pin_seal_key HEX.",
        )
    if ledger.is_rotation_under_way():
        yield warn(
            "seal key",
            "a rotation was begun and has not come to its end",
            "Run manage.py rotate_seal_key again: it goes on where it stopped.",
        )


def look_at_sealing() -> Iterator[Finding]:
    """Whether somebody keeps the sealer from its work."""
    holders = ledger.sealer_held_up_by(for_at_least=HELD_UP_FROM)
    for holder in holders:
        yield bad(
            "sealing",
            f"{holder} holds what the sealer needs, for more than a minute",
            f"Find out what it is; SELECT pg_terminate_backend({holder.pid}) ends it.",
        )
    if not holders:
        yield ok("sealing", "nobody holds it up")


def look_at_heads(now: datetime) -> Iterator[Finding]:
    """Whether the heads kept outside are what was appended, and what the seals say."""
    report = ledger.compared_heads(now=now)
    if report.is_good:
        yield ok("seals log", f"{report.heads_outside} heads are those of {report.seals} seals")
        return
    remedy = "Run manage.py verify_ledger; keep the log and its mark as they are."
    for found in report.findings[:5]:
        yield bad("seals log", found.says, remedy)
