"""What a seal signs, and the hash that the next seal carries on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

VERSION: Final = "trinity-seal-1"
ROTATION: Final = "trinity-seal-key-1"
GENESIS: Final = bytes(32)  # what the first seal follows


@dataclass(frozen=True, slots=True, kw_only=True)
class SealBody:
    """Everything a seal says. ``previous_hash`` chains it to the seal before."""

    number: int
    first_position: int
    last_position: int
    merkle_root: bytes
    previous_hash: bytes
    sealed_at: datetime
    key_id: str

    def message(self) -> bytes:
        """Return the bytes that are signed: eight lines of text."""
        lines = (
            VERSION,
            str(self.number),
            str(self.first_position),
            str(self.last_position),
            self.merkle_root.hex(),
            self.previous_hash.hex(),
            self.sealed_at.astimezone(UTC).isoformat(timespec="microseconds"),
            self.key_id,
        )
        return "\n".join(lines).encode() + b"\n"

    def seal_hash(self) -> bytes:
        """Return the SHA-256 of the message."""
        return hashlib.sha256(self.message()).digest()

    def is_signed(self, signature: bytes, *, by: bytes) -> bool:
        """Say whether the key with these 32 public bytes made ``signature`` over the message."""
        try:
            Ed25519PublicKey.from_public_bytes(by).verify(signature, self.message())
        except InvalidSignature:
            return False
        return True


def rotation_message(*, old_key: str, new_key: str) -> bytes:
    """Return what an old key signs to introduce a new one: three lines, the keys by their ids."""
    return f"{ROTATION}\n{old_key}\n{new_key}\n".encode()
