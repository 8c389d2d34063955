"""What sealing needs from outside the database, in our words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final, Protocol

from ledger.chain import SealBody

KEY_BYTES: Final = 32  # of an Ed25519 public key


class SealingRefused(Exception):
    """Nothing is sealed before a person acted. The sentence says why, and what to do."""


class SealKeyMissing(SealingRefused):
    """Seals exist, but the key that signed them is gone. A person must restore or rotate it."""


class SealKeyRetired(SealingRefused):
    """The key was rotated away: another one has signed since. The sentence says what to do."""


class SealForged(SealingRefused):
    """The newest seal in the database is not signed by the key that it names, which is ours."""


class SealerHeldUp(SealingRefused):
    """Another session holds rows or tables that the sealer needs. The sentence says which."""


class PinsUnreadable(SealingRefused):
    """The pinned keys cannot be read. The sentence says where and why."""


class HeadsUnreadable(SealingRefused):
    """The heads kept outside cannot be read. The sentence says where and why."""

    code: ClassVar[str] = "heads_unreadable"


class HeadsBroken(HeadsUnreadable):
    """The heads kept outside are not what was appended: one is gone, or says something else."""

    code: ClassVar[str] = "heads_broken"


class HeadsShortened(HeadsBroken):
    """Heads that were appended are no longer at the end of what is kept."""

    code: ClassVar[str] = "heads_shortened"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A seal as it is told to the world outside the database.

    What 0.1 wrote has no ``signature``, and none of the fields after ``public_key``: it can be
    compared with the database only, not with itself. Raises ValueError where ``public_key`` can
    be none.
    """

    number: int
    last_position: int
    seal_hash: bytes
    sealed_at: datetime
    public_key: bytes
    first_position: int = 0
    merkle_root: bytes = b""
    previous_hash: bytes = b""
    signature: bytes = b""

    def __post_init__(self) -> None:
        if len(self.public_key) != KEY_BYTES:
            raise ValueError(f"a public key has {KEY_BYTES} bytes, not {len(self.public_key)}")

    @property
    def is_whole(self) -> bool:
        """Say whether it holds all that the seal signed."""
        return bool(self.signature)

    @property
    def body(self) -> SealBody:
        """Return what the seal says. Only of a whole head."""
        return SealBody(
            number=self.number,
            first_position=self.first_position,
            last_position=self.last_position,
            merkle_root=self.merkle_root,
            previous_hash=self.previous_hash,
            sealed_at=self.sealed_at,
            key_id=key_id(self.public_key),
        )


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
        a seal's COMMIT and its head is made up for by the next call. Raises HeadsUnreadable, and
        appends nothing, where what is kept is not what was appended.
        """
        ...

    def begin_anew(self) -> None:
        """Keep heads from the first seal on again. Raises HeadsBroken while any are kept."""
        ...

    def newest(self) -> Head | None:
        """Return the last head kept, or None; costs the same however many are kept.

        Raises HeadsUnreadable where heads that were appended are no longer at the end.
        """
        ...

    def heads(self) -> Iterator[Head]:
        """Return every head kept at the time of this call, oldest first, and none kept later.

        Who compares them with the database asks first and looks at the database then: a head is
        kept after its seal was committed. Raises HeadsUnreadable, at the call or on the way.
        """
        ...
