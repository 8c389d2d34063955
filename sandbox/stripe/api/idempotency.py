"""Idempotency keys: the same request gets the same answer for at least a day."""

import hashlib
import json
from dataclasses import dataclass
from typing import Final

from sandbox.state import RequestContext
from sandbox.stripe.api.forms import Tree
from sandbox.stripe.shapes.errors import ApiError

KEPT_FOR_S: Final = 30 * 60 * 60  # Stripe promises 24 h.
KEY_CHARS_MAX: Final = 255
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS idempotency_keys (
    key TEXT PRIMARY KEY,
    path TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status INTEGER NOT NULL,
    body BLOB NOT NULL,
    request_id TEXT NOT NULL,
    created REAL NOT NULL
);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """What the first request with this key was answered."""

    status: int
    body: bytes
    request_id: str


def fingerprint(tree: Tree) -> str:
    """The same parameters in any order give the same text."""
    return hashlib.sha256(json.dumps(tree, sort_keys=True).encode()).hexdigest()


def check_key(key: str) -> None:
    """Raise when the key cannot be one."""
    if len(key) > KEY_CHARS_MAX:
        raise ApiError(
            400,
            f"Idempotency keys are at most {KEY_CHARS_MAX} characters long.",
            kind="idempotency_error",
        )


def kept_answer(context: RequestContext, *, key: str, path: str, tree: Tree) -> KeptAnswer | None:
    """The first answer to this very request, or None. Raises when key and request disagree."""
    row = context.store.row("SELECT * FROM idempotency_keys WHERE key = ?", (key,))
    if row is None:
        return None
    if row["created"] < context.now_s - KEPT_FOR_S:
        context.store.write("DELETE FROM idempotency_keys WHERE key = ?", (key,))
        return None
    if row["path"] != path:
        raise ApiError(
            400,
            "Keys for idempotent requests can only be used for the same endpoint they were first"
            f" used for ('{path}' vs '{row['path']}'). Try using a key other than '{key}' if you"
            " meant to execute a different request.",
            kind="idempotency_error",
        )
    if row["fingerprint"] != fingerprint(tree):
        raise ApiError(
            400,
            "Keys for idempotent requests can only be used with the same parameters they were"
            f" first used with. Try using a key other than '{key}' if you meant to execute a"
            " different request.",
            kind="idempotency_error",
        )
    return KeptAnswer(status=row["status"], body=row["body"], request_id=row["request_id"])


def keep_answer(
    context: RequestContext, *, key: str, path: str, tree: Tree, status: int, body: bytes
) -> None:
    """Remember an answer, in the transaction that did the work."""
    context.store.write(
        "INSERT INTO idempotency_keys (key, path, fingerprint, status, body, request_id, created)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (key, path, fingerprint(tree), status, body, context.request_id, context.now_s),
    )


def in_use(key: str) -> ApiError:
    """Two requests with one key at the same time: the second is told to come back."""
    return ApiError(
        409,
        "There is currently another in-progress request using this Stripe-Idempotency-Key"
        f" ({key}). Please try again later.",
        kind="idempotency_error",
        code="idempotency_key_in_use",
    )
