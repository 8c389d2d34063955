"""The public keys that are trusted beforehand, in a file: a line each, in hex; then what it is."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

from ledger.ports import KEY_BYTES, PinsUnreadable

HEADER: Final = """\
# Public keys of the ledger's seals that verify_ledger trusts, and that no database can change.
# Compare each with the one that you published or wrote down. Add one: manage.py pin_seal_key HEX.
"""


class PinFile:
    """``seal.pins``, beside the key file. It is made once, and people add to it by hand."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __str__(self) -> str:
        return str(self._path)

    def exists(self) -> bool:
        """Say whether keys were ever pinned here."""
        return self._path.exists()

    def may_be_changed_by_others(self) -> bool:
        """Say whether anybody but its owner may write to it."""
        others = stat.S_IWGRP | stat.S_IWOTH
        return self.exists() and bool(self._path.stat().st_mode & others)

    def keys(self) -> list[bytes]:
        """Return every key, in order. Raises PinsUnreadable."""
        try:
            lines = self._path.read_text().splitlines()
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            raise PinsUnreadable(f"{self._path} cannot be read") from error
        words = [
            (at, line.split()) for at, line in enumerate(lines, 1) if line[:1] not in ("", "#")
        ]
        return [
            read_key(found[0] if found else "", where=f"{self._path}, line {at}")
            for at, found in words
        ]

    def begin(self, keys: Iterable[bytes], *, why: str, now: datetime) -> bool:
        """Make the file with ``keys``; say whether it was made. An existing one stays."""
        draft = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lines = [_line(key, why=why, now=now) for key in dict.fromkeys(keys)]
        with draft.open("w") as file:
            file.write(HEADER + "".join(lines))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, self._path)
        except FileExistsError:
            return False
        finally:
            draft.unlink()
        return True

    def add(self, key: bytes, *, why: str, now: datetime) -> None:
        """Pin one more key."""
        with self._path.open("a") as file:
            file.write(_line(key, why=why, now=now))
            file.flush()
            os.fsync(file.fileno())


def _line(key: bytes, *, why: str, now: datetime) -> str:
    return f"{key.hex()}  {now:%Y-%m-%d}  {why}\n"


def read_key(text: str, *, where: str) -> bytes:
    """Return the 32 bytes that ``text`` spells. Raises PinsUnreadable, which says ``where``."""
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise PinsUnreadable(f"{where}: a public key has {KEY_BYTES * 2} hex digits")
    return key
