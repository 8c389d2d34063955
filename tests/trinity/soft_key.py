"""A security key made of software, for what a browser's own would never send."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256

ORIGIN = "http://localhost:8000"
HOST = hashlib.sha256(b"localhost").digest()
PRESENT_AND_VERIFIED = 0x05  # touched, and by PIN or finger the right person
WITH_KEY = 0x40
GET = "webauthn.get"
Answer = dict[str, Any]


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class SoftKey:
    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self.id = b"k" * 32

    @property
    def public_key(self) -> dict[int, Any]:
        """Return the public key in COSE form."""
        return dict(ES256.from_cryptography_key(self._private.public_key()))

    def made(self, challenge: str) -> Answer:
        """Answer the challenge of the page that adds a key."""
        public = cbor.encode(self.public_key)
        own = b"\0" * 16 + struct.pack(">H", len(self.id)) + self.id + public
        data = HOST + bytes([PRESENT_AND_VERIFIED | WITH_KEY]) + b"\0" * 4 + own
        attested = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        said = {"attestationObject": text(attested), "transports": []}
        return self._answer("webauthn.create", challenge, said)

    def signed(self, challenge: str, *, user: str, flags: int = PRESENT_AND_VERIFIED) -> Answer:
        """Answer a challenge as the key of ``user``."""
        data = HOST + bytes([flags]) + b"\0" * 4
        client = self._client_data(GET, challenge)
        signed = data + hashlib.sha256(client).digest()
        said = {
            "authenticatorData": text(data),
            "signature": text(self._private.sign(signed, ec.ECDSA(hashes.SHA256()))),
            "userHandle": text(user.encode()),
        }
        return self._answer(GET, challenge, said)

    def _answer(self, kind: str, challenge: str, said: Answer) -> Answer:
        return {
            "type": "public-key",
            "id": text(self.id),
            "rawId": text(self.id),
            "authenticatorAttachment": None,
            "clientExtensionResults": {"credProps": {"rk": True}},
            "response": {"clientDataJSON": text(self._client_data(kind, challenge)), **said},
        }

    @staticmethod
    def _client_data(kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": ORIGIN}).encode()
