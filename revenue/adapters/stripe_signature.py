"""The signature check, and the little that the door reads of an event."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import stripe

from kernel.documents import parsed
from revenue.ports import (
    SIGNATURE_AGE_S_MAX,
    BodyRejected,
    Notice,
    SignatureRejected,
    Stale,
    Unsigned,
)

ID_CHARS_MAX = 255  # https://docs.stripe.com/upgrades: ids never grow beyond that
HEADER_CHARS_MAX = 2048  # a time, and a signature of 64 characters for each secret that is rolled
STAMP: Final = re.compile(r"[0-9]{1,11}")  # seconds since 1970, until the year 5138
SHA256: Final = re.compile(r"[0-9a-f]{64}")


def require_signature(*, body: bytes, header: str, secrets: Sequence[str], now: datetime) -> None:
    """Raise SignatureRejected unless one of ``secrets`` signed ``body`` within 300 s of ``now``.

    Every ``v1`` is tried against every secret, because an old secret stays valid while it is
    being rolled; ``v0`` never counts. Stripe's own check has no upper bound for timestamps, so a
    signature from the future is refused here as well.
    https://docs.stripe.com/webhooks#verify-manually
    """
    if len(header) > HEADER_CHARS_MAX:
        raise Unsigned("no header of Stripe's is that long")
    signed_at, signatures = _parts(header)
    # Only what was read of it goes on: the SDK's own reading of a header is wider than ours.
    plain = ",".join([f"t={signed_at}", *(f"v1={each}" for each in signatures)])
    if not any(_is_signed(body=body, header=plain, secret=secret) for secret in secrets):
        raise SignatureRejected("no secret of ours signed this")
    if abs(now.timestamp() - signed_at) > SIGNATURE_AGE_S_MAX:
        raise Stale("the signature is not from the last 300 s")


def _parts(header: str) -> tuple[int, list[str]]:
    """Return when a header says that it was signed, and its ``v1`` signatures.

    Raises SignatureRejected for anything but one time in digits and at least one SHA-256 in hex.
    """
    pairs = [part.partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in pairs if name == "t"]
    signatures = [value for name, _, value in pairs if name == "v1" and SHA256.fullmatch(value)]
    if len(stamps) != 1 or not STAMP.fullmatch(stamps[0]) or not signatures:
        raise Unsigned("the header is not t=<seconds>,v1=<SHA-256>")
    return int(stamps[0]), signatures


def _is_signed(*, body: bytes, header: str, secret: str) -> bool:
    try:
        # Without tolerance: the age is checked against the caller's clock, both ways.
        stripe.WebhookSignature.verify_header(body, header, secret, tolerance=None)
    except (stripe.SignatureVerificationError, UnicodeDecodeError):
        return False
    return True


def read_notice(body: bytes) -> Notice:
    """Read the identity of a signed event. Raises BodyRejected unless it is one JSON event."""
    try:
        event = parsed(body)
    except ValueError as error:
        raise BodyRejected("the body is not JSON, or nested too deep") from error
    if not isinstance(event, dict) or event.get("object") != "event":
        raise BodyRejected("the body is not an event object")
    try:
        data = event["data"]["object"]
        return Notice(
            stripe_id=_id(event["id"]),
            type=_text(event["type"])[:100],
            object_id=_text(data.get("id") or "")[:255],
            api_version=_text(event.get("api_version") or "")[:40],
            account=_text(event.get("account") or "")[:255],
            livemode=event["livemode"] is True,
            created_at=datetime.fromtimestamp(event["created"], tz=UTC),
        )
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError, OSError) as error:
        raise BodyRejected("the event lacks id, type, created, livemode or data.object") from error


def _id(value: object) -> str:
    """Return an id whole: one that was cut could be another's."""
    text = _text(value)
    if not 0 < len(text) <= ID_CHARS_MAX:
        raise ValueError("no id of Stripe's is that long, and none is empty")
    return text


def _text(value: object) -> str:
    """Return a text that can be stored; JSON may also hold NUL, and halves of characters."""
    if not isinstance(value, str) or "\x00" in value:
        raise TypeError("not a text")
    value.encode()  # raises UnicodeEncodeError, a ValueError, for half a character
    return value


def fact_digest(body: bytes) -> str:
    """Return SHA-256 of what makes an event the same event, whatever endpoint it came through.

    ``pending_webhooks`` and ``request`` change between deliveries; (id, type, livemode, account,
    data.object) do not, at one api_version. What cannot be read is only ever equal to itself.
    """
    try:
        event = parsed(body)
    except ValueError:
        return hashlib.sha256(body).hexdigest()
    same = [event.get(name) for name in ("id", "type", "livemode", "account")]
    canonical = json.dumps([*same, event["data"]["object"]], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
