"""A passkey's answer as an approver's own signature over what was shown (WebAuthn level 3, 7.2).

The challenge that it signs is a hash of the request, of what was shown, and of a nonce. The answer
is kept as it came, with the public key, so that anybody can verify it again without the login.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AuthenticatorData, CollectedClientData

from kernel import canonical

VERSION: Final = "approval-1"
# What is kept of an answer, each as base64url without padding; ``rp_id`` and ``origin`` as text.
KEPT: Final = ("credential_id", "public_key", "client_data", "authenticator_data", "signature")


def challenge_of(*, request_ref: str, shown_digest: str, nonce: str) -> bytes:
    """Return the 32 bytes that a passkey signs to approve what was shown."""
    return bytes.fromhex(canonical.digest([VERSION, request_ref, shown_digest, nonce]))


def key_digest(public_key: Mapping[int, Any]) -> str:
    """Return SHA-256 (hex) of a key in COSE form: by it the ledger says whose key it is."""
    return hashlib.sha256(cbor.encode(dict(public_key))).hexdigest()


def digest_of_kept_key(evidence: Mapping[str, Any]) -> str:
    """Return ``key_digest`` of the key that is kept with an answer, "" where there is none."""
    try:
        return hashlib.sha256(websafe_decode(str(evidence["public_key"]))).hexdigest()
    except (KeyError, ValueError):
        return ""


def evidence_of(
    *,
    credential_id: bytes,
    public_key: Mapping[int, Any],
    client_data: bytes,
    authenticator_data: bytes,
    signature: bytes,
    rp_id: str,
) -> dict[str, str]:
    """Return what is kept of an answer."""
    values = (credential_id, cbor.encode(dict(public_key)), client_data, authenticator_data)
    kept = dict(zip(KEPT, map(websafe_encode, (*values, signature)), strict=True))
    return {**kept, "rp_id": rp_id, "origin": CollectedClientData(client_data).origin}


def is_signed(evidence: Mapping[str, Any], *, challenge: bytes) -> bool:
    """Say whether ``evidence`` is an answer to ``challenge`` by the key that it holds.

    The person was present and verified, by PIN, finger or face. Whose key it is, and whether they
    had it then, the ledger says by its digest.
    """
    try:
        raw = {name: websafe_decode(str(evidence[name])) for name in KEPT}
        client = CollectedClientData(raw["client_data"])
        told = AuthenticatorData(raw["authenticator_data"])
        key = CoseKey.parse(dict(cbor.decode(raw["public_key"])))  # type: ignore[arg-type]  # or it raises
        key.verify(raw["authenticator_data"] + client.hash, raw["signature"])
    except (InvalidSignature, KeyError, TypeError, ValueError, AttributeError, IndexError):
        return False
    return (
        client.type == CollectedClientData.TYPE.GET
        and client.challenge == challenge
        and client.origin == evidence.get("origin")
        and _is_at_home(client.origin, str(evidence.get("rp_id")))
        and told.rp_id_hash == hashlib.sha256(str(evidence.get("rp_id")).encode()).digest()
        and told.is_user_present()
        and told.is_user_verified()
    )


def _is_at_home(origin: str, rp_id: str) -> bool:
    """Say whether a page of ``origin`` may ask keys of ``rp_id``: of that host or one below it."""
    host = urlsplit(origin).hostname or ""
    return bool(rp_id) and (host == rp_id or host.endswith(f".{rp_id}"))
