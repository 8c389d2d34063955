"""What sealing needs from outside the database, in our words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

KEY_BYTES: Final = 32  # of an Ed25519 public key


class SealKeyMissing(Exception):
    """Seals exist, but the key that signed them is gone. A person must restore or rotate it."""


class HeadsUnreadable(Exception):
    """The heads kept outside cannot be read. The sentence says where and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The newest seal as it is told to the world outside the database.

    Raises ValueError where ``public_key`` can be none.
    """

    number: int
    last_position: int
    seal_hash: bytes
    sealed_at: datetime
    public_key: bytes

    def __post_init__(self) -> None:
        if len(self.public_key) != KEY_BYTES:
            raise ValueError(f"a public key has {KEY_BYTES} bytes, not {len(self.public_key)}")


def key_id(public_key: bytes) -> str:
    """Return the name of a key: the SHA-256 of its 32 public bytes, in hex."""
    return hashlib.sha256(public_key).hexdigest()


class Signer(Protocol):
    """Who signs seals (Ed25519). Implemented by ledger.adapters.key_file."""

    @property
    def public_key(self) -> bytes:
        """Return the 32 raw public bytes."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the signature. No network."""
        ...


class HeadSink(Protocol):
    """Where heads are kept outside the database. Implemented by ledger.adapters.seals_log."""

    def append_after(self, newer_than: Callable[[Head | None], Iterable[Head]]) -> int:
        """Append what ``newer_than`` says follows the last head kept; return how many.

        One process at a time, and each head is on the disk when this returns, so a crash between
        a seal's COMMIT and its head is made up for by the next call.
        """
        ...

    def heads(self) -> Iterator[Head]:
        """Return every head kept at the time of this call, oldest first, and none kept later.

        Who compares them with the database asks first and looks at the database then: a head is
        kept after its seal was committed. Raises HeadsUnreadable, at the call or on the way.
        """
        ...
