"""A secret's fingerprint: to tell whether it is still the same one, without keeping it."""

from __future__ import annotations

import hashlib
import hmac


def fingerprint(secret: str, *, salt: str) -> str:
    """Return HMAC-SHA256 (hex) of ``secret`` under ``salt``; two salts give two of one secret."""
    return hmac.new(salt.encode(), secret.encode(), hashlib.sha256).hexdigest()
