"""Heads in a file that only grows: one JSON object per line, on the disk before we go on."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from io import SEEK_END
from pathlib import Path
from typing import BinaryIO, Final

from ledger.ports import Head, HeadsUnreadable, key_id

TAIL_BYTES: Final = 4096  # longer than any line


class SealsLog:
    """The default head sink, ``TRINITY_HOME/seals.log``.

    Copy it to where the database's owner cannot write, and a removed tail is found even by
    somebody who trusts neither.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def append_after(self, newer_than: Callable[[Head | None], Iterable[Head]]) -> int:
        """Append what follows the last head kept, under a file lock; return how many."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # freed when the file is closed
            last = _last_head(file, self._path)
            appended = 0
            for head in newer_than(last):
                file.write(_to_line(head))
                appended += 1
            file.flush()
            os.fsync(file.fileno())
        return appended

    def heads(self) -> Iterator[Head]:
        """Return every head kept by now, oldest first; none where there is no file yet.

        Lines are read as they are asked for, up to where the file ends at this call.
        """
        size_bytes = self._path.stat().st_size if self._path.exists() else 0
        return self._heads_within(size_bytes)

    def _heads_within(self, size_bytes: int) -> Iterator[Head]:
        if not size_bytes:
            return
        with self._path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                size_bytes -= len(line)
                if size_bytes < 0:  # appended since
                    return
                if line.endswith(b"\n"):  # else a crash tore it; the next append makes it good
                    yield _from_line(line, where=f"{self._path}, line {number}")


def _last_head(file: BinaryIO, path: Path) -> Head | None:
    """Return the last whole head, and cut off a line that a crash left torn."""
    size = file.seek(0, SEEK_END)
    start = max(0, size - TAIL_BYTES)
    file.seek(start)
    tail = file.read()
    whole, newline, torn = tail.rpartition(b"\n")
    if torn:
        file.truncate(size - len(torn))
    if not newline:
        return None
    return _from_line(whole.rpartition(b"\n")[2], where=f"{path}, last line")


def _to_line(head: Head) -> bytes:
    fields = {
        "seal": head.number,
        "last_position": head.last_position,
        "seal_hash": head.seal_hash.hex(),
        "sealed_at": head.sealed_at.isoformat(),
        "key_id": key_id(head.public_key),
        "public_key": head.public_key.hex(),
    }
    return json.dumps(fields).encode() + b"\n"


def _from_line(line: bytes, *, where: str) -> Head:
    try:
        fields = json.loads(line)
        head = Head(
            number=int(fields["seal"]),
            last_position=int(fields["last_position"]),
            seal_hash=bytes.fromhex(fields["seal_hash"]),
            sealed_at=datetime.fromisoformat(fields["sealed_at"]),
            public_key=bytes.fromhex(fields["public_key"]),
        )
        if fields["key_id"] != key_id(head.public_key):
            raise ValueError("the key is not the one that is named")
    except (ValueError, KeyError, TypeError) as error:
        raise HeadsUnreadable(f"{where} is no head of a seal") from error
    return head
