"""How far a log had come when we last wrote to it, in a small file beside it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger.ports import Head, HeadsUnreadable

# What reading JSON that somebody else wrote can raise: also for 1e999, and for very deep nesting.
NOT_ONE_OF_OURS: Final = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
)


@dataclass(frozen=True, slots=True)
class _LastHead:
    number: int
    seal_hash: bytes
    looks: list[int]


class Mark:
    """The last head that was appended, and how the log's file looked then."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def fits(self, status: os.stat_result) -> bool:
        """Say whether the log's file is exactly as we left it."""
        written = self._written()
        return written is not None and written.looks == _looks(status)

    def read(self) -> tuple[int, bytes] | None:
        """Return number and hash of the last head appended; None where there is no mark."""
        written = self._written()
        return (written.number, written.seal_hash) if written else None

    def write(self, head: Head, status: os.stat_result) -> None:
        """Put the mark after ``head``, which is on the disk already. All of it or nothing."""
        fields = {
            "seal": head.number,
            "seal_hash": head.seal_hash.hex(),
            "file": _looks(status),
        }
        draft = self._path.with_name(f".{self._path.name}.new")
        with draft.open("w") as file:
            json.dump(fields, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, self._path)

    def forget(self) -> None:
        """Take the mark away."""
        self._path.unlink(missing_ok=True)

    def _written(self) -> _LastHead | None:
        try:
            fields = json.loads(self._path.read_text())
            return _LastHead(
                number=int(fields["seal"]),
                seal_hash=bytes.fromhex(fields["seal_hash"]),
                looks=[int(each) for each in fields["file"]],
            )
        except FileNotFoundError:
            return None
        except OSError as error:
            raise HeadsUnreadable(f"{self._path} cannot be read: {error.strerror}") from error
        except NOT_ONE_OF_OURS as error:
            raise HeadsUnreadable(f"{self._path} is no mark of a log") from error


def _looks(status: os.stat_result) -> list[int]:
    """Return what changes with any write to a file; the last of them nobody can set back."""
    return [status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]
