"""Heads in a file that only grows: one JSON object per line, on the disk before we go on."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from io import SEEK_END
from pathlib import Path
from typing import BinaryIO, Final, cast

from ledger.adapters.log_mark import NOT_ONE_OF_OURS, Mark
from ledger.heads import faults
from ledger.ports import Head, HeadsBroken, HeadSink, HeadsShortened, HeadsUnreadable, key_id

TAIL_BYTES: Final = 4096  # longer than any line


class SealsLog:
    """The default head sink, ``TRINITY_HOME/seals.log``, and a mark beside it.

    Each line holds the whole seal, signature included, and names the one before it: what is
    taken out or changed in the middle shows in the file alone. What is cut off at the end shows
    against the mark (``seals.log.mark``), which says how far the log had come.

    Copy it to where the database's owner cannot write, and a removed tail is found even by
    somebody who trusts neither.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mark = Mark(path.with_name(f"{path.name}.mark"))

    def append_after(self, newer_than: Callable[[Head | None], Iterable[Head]]) -> int:
        """Append what follows the last head kept, under a file lock; return how many.

        Where the file is not as we left it, all of it is read first. Raises HeadsUnreadable.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # freed when the file is closed
            is_as_left = self._mark.fits(os.fstat(file.fileno()))
            if not is_as_left:
                self._check()
            last = _last_head(file, self._path)
            appended = 0
            for head in newer_than(last):
                file.write(_to_line(head))
                appended += 1
                last = head
            file.flush()
            os.fsync(file.fileno())
            if last and not (is_as_left and appended == 0):
                self._mark.write(last, os.fstat(file.fileno()))
        return appended

    def heads(self) -> Iterator[Head]:
        """Return every head kept by now, oldest first; none where there is no file yet.

        Lines are read as they are asked for, up to where the file ends at this call. Raises
        HeadsShortened at the end, where the mark says that there were more.
        """
        try:
            mark = self._mark.read()  # first: it is written after the lines that it speaks of
            size_bytes = self._size_bytes()
        except HeadsUnreadable as error:
            return _refuse(error)
        return self._heads_within(size_bytes, mark)

    def newest(self) -> Head | None:
        """Return the last head kept, or None. Waits for whoever is appending."""
        mark, last = self._mark.read(), None  # the mark first: it is written after its line
        if self._size_bytes():
            with self._open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH)
                last = _last_whole(_tail(file), self._path)
        if mark and last and last.number == mark[0] and last.seal_hash != mark[1]:
            raise HeadsBroken(f"{self._path}: the head of seal {mark[0]} is not the one appended")
        if mark and (last.number if last else 0) < mark[0]:
            raise HeadsShortened(f"{self._path} no longer ends at seal {mark[0]}, as it did")
        return last

    def begin_anew(self) -> None:
        """Forget how far an earlier log had come. Raises HeadsBroken while there is one."""
        if self._path.exists() and self._path.stat().st_size:
            raise HeadsBroken(f"{self._path} is there: keep it as evidence, under another name")
        self._mark.forget()

    def _check(self) -> None:
        """Read the whole log; raise at the first thing that is wrong with it."""
        previous = None
        for head in self.heads():
            for _, says in faults(previous, head):
                raise HeadsBroken(f"{self._path}: {says}: run verify_ledger")
            previous = head

    def _heads_within(self, size_bytes: int, mark: tuple[int, bytes] | None) -> Iterator[Head]:
        kept = 0
        for head in self._lines_within(size_bytes):
            kept = head.number
            yield head
            if mark and head.number == mark[0] and head.seal_hash != mark[1]:
                raise HeadsBroken(f"{self._path}: the head of seal {kept} is not the one appended")
        if mark and kept < mark[0]:
            raise HeadsShortened(
                f"{self._path} ends at seal {kept}, but the heads up to seal {mark[0]} had been "
                "appended to it"
            )

    def _lines_within(self, size_bytes: int) -> Iterator[Head]:
        if not size_bytes:
            return
        with self._open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(TAIL_BYTES), b""), start=1):
                size_bytes -= len(line)
                if size_bytes < 0:  # appended since
                    return
                # Without its end a crash tore it, and the next append makes it good.
                if line.endswith(b"\n") or len(line) == TAIL_BYTES:
                    yield _from_line(line, where=f"{self._path}, line {number}")

    def _open(self, mode: str) -> BinaryIO:
        try:
            return cast(BinaryIO, self._path.open(mode))
        except OSError as error:
            raise HeadsUnreadable(f"{self._path} cannot be read: {error.strerror}") from error

    def _size_bytes(self) -> int:
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise HeadsUnreadable(f"{self._path} cannot be read: {error.strerror}") from error


def _refuse(error: HeadsUnreadable) -> Iterator[Head]:
    """Raise when the first head is asked for, as any other fault of the log does."""
    yield from ()
    raise error


def _last_head(file: BinaryIO, path: Path) -> Head | None:
    """Return the last whole head, and cut off a line that a crash left torn."""
    tail = _tail(file)
    if torn := tail.rpartition(b"\n")[2]:
        file.truncate(file.seek(0, SEEK_END) - len(torn))
    return _last_whole(tail, path)


def _tail(file: BinaryIO) -> bytes:
    """Return the end of the file, longer than any line."""
    file.seek(max(0, file.seek(0, SEEK_END) - TAIL_BYTES))
    return file.read()


def _last_whole(tail: bytes, path: Path) -> Head | None:
    whole, newline, _torn = tail.rpartition(b"\n")
    if not newline:
        return None
    return _from_line(whole.rpartition(b"\n")[2], where=f"{path}, last line")


def _to_line(head: Head) -> bytes:
    fields = {
        "seal": head.number,
        "first_position": head.first_position,
        "last_position": head.last_position,
        "merkle_root": head.merkle_root.hex(),
        "previous_hash": head.previous_hash.hex(),
        "seal_hash": head.seal_hash.hex(),
        "sealed_at": head.sealed_at.isoformat(),
        "key_id": key_id(head.public_key),
        "public_key": head.public_key.hex(),
        "signature": head.signature.hex(),
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
            first_position=int(fields.get("first_position", 0)),
            merkle_root=bytes.fromhex(fields.get("merkle_root", "")),
            previous_hash=bytes.fromhex(fields.get("previous_hash", "")),
            signature=bytes.fromhex(fields.get("signature", "")),
        )
        if fields["key_id"] != key_id(head.public_key):
            raise ValueError("the key is not the one that is named")
    except NOT_ONE_OF_OURS as error:
        raise HeadsUnreadable(f"{where} is no head of a seal") from error
    return head


_IS_A_PORT: type[HeadSink] = SealsLog  # held here by mypy
