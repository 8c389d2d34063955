"""The signing key in a file: PKCS 8 PEM, as ``openssl genpkey -algorithm ed25519`` writes it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from ledger.ports import SealKeyMissing, Signer


class KeyFile:
    """An Ed25519 key whose private half never leaves this object."""

    def __init__(self, private_key: Ed25519PrivateKey) -> None:
        self._private_key = private_key

    @classmethod
    def load(cls, path: Path) -> KeyFile:
        """Read the key. Raises SealKeyMissing when there is none, ValueError for another sort."""
        try:
            pem = path.read_bytes()
        except FileNotFoundError as error:
            raise SealKeyMissing(f"there is no seal key at {path}") from error
        private_key = load_pem_private_key(pem, password=None)
        if not isinstance(private_key, Ed25519PrivateKey):
            raise ValueError(f"{path} holds no Ed25519 key")
        return cls(private_key)

    @classmethod
    def load_or_make(cls, path: Path) -> KeyFile:
        """Read the key; make one, readable by its owner only, where there is none.

        Two processes that make one at once both end up with the one that came first.
        """
        if not path.exists():
            draft = _write_new_key(path)
            try:
                os.link(draft, path)
            except FileExistsError:  # the other process was first: use its key
                pass
            finally:
                draft.unlink()
            _sync_folder(path.parent)
        return cls.load(path)

    @staticmethod
    def move(source: Path, target: Path) -> None:
        """Put the key at ``source`` in the place of that at ``target``, which is then gone."""
        os.replace(source, target)
        _sync_folder(target.parent)

    @property
    def public_key(self) -> bytes:
        """Return the 32 raw public bytes."""
        return self._private_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the signature."""
        return self._private_key.sign(message)


def _write_new_key(path: Path) -> Path:
    """Write a fresh key beside ``path`` under a name of its own, and return that."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_IS_A_PORT: type[Signer] = KeyFile  # held here by mypy
