"""The books: whom we trust, what is kept outside the database, and what was found last."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from ledger import queries as ledger
from trinity.doctor.findings import Finding, bad, ok, warn

HELD_UP_FROM: Final = timedelta(minutes=1)  # sealing and recording take less than a second


def look_at_pins() -> Iterator[Finding]:
    """Which keys of the ledger are trusted beforehand."""
    what, pins = "pinned keys", ledger.pins()
    if pins.fault:
        yield bad(what, pins.fault, "Correct it, or restore it from your copy.")
    elif pins.key_ids:
        names = ", ".join(name[:16] for name in pins.key_ids)
        yield ok(what, f"{names} ({pins.where}); compare them with what you published")
    elif ledger.newest_seal() is None:
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
