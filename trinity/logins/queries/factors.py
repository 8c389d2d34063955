"""Second factors as the ledger names them, and whether both say the same."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError

from approvals.signatures import key_digest
from ledger.rows import Comparison, Finding
from trinity.logins.enums import FACTOR_ADDED, FACTOR_REMOVED

# What the readers of CBOR and of keys raise at what is none.
_UNREADABLE: Final = (
    *(ArithmeticError, AttributeError, LookupError, TypeError, ValueError, ValidationError),
    struct.error,
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# One row for each person who has a factor, or of whom the ledger says so.
FACTORS: Final = f"""
SELECT 'user:' || person.id, coalesce(held.factors, '[]'), coalesce(told.entries, '[]')
FROM auth_user person
LEFT JOIN LATERAL (
  SELECT json_agg(json_build_array(own.type, own.user_id,
    (extract(epoch FROM own.created_at) * 1000000)::bigint, own.data)
    ORDER BY own.id)::text AS factors
  FROM mfa_authenticator own
  WHERE own.user_id = person.id AND own.type IN ('totp', 'webauthn')) held ON true
LEFT JOIN LATERAL (
  SELECT json_agg(json_build_array(said.event, said.facts ->> 'factor',
    said.facts ->> 'factor_digest') ORDER BY said.id)::text AS entries
  FROM ledger_ledgerentry said
  WHERE said.subject = 'user:' || person.id AND said.event IN ('{FACTOR_ADDED}', '{FACTOR_REMOVED}')
    AND said.facts ->> 'factor' IN ('totp', 'webauthn')) told ON true
WHERE held.factors IS NOT NULL OR told.entries IS NOT NULL
"""  # noqa: S608  # constants only


def factor_digest(authenticator: Authenticator) -> str:
    """Return the SHA-256 by which the ledger names one factor; of a secret it says nothing.

    Of a passkey it is of the public key, of an app of when it was set up and for whom. "" where
    the key cannot be read.
    """
    since_epoch = (authenticator.created_at - _EPOCH) // timedelta(microseconds=1)
    return _digest(authenticator.type, authenticator.user_id, since_epoch, authenticator.data)


def _digest(kind: str, user_id: int, made_us: int, data: object) -> str:
    if kind != Authenticator.Type.WEBAUTHN:
        return hashlib.sha256(f"{kind}:{user_id}:{made_us}".encode()).hexdigest()
    try:
        key = Authenticator(type=kind, data=data).wrap().authenticator_data.credential_data
        return key_digest(key.public_key)
    except _UNREADABLE:
        return ""


def differences(rows: Iterable[tuple[str, str, str]]) -> Iterator[Finding]:
    """Yield factors that no entry says were added, and those that are gone without an entry.

    Until 0.1.3 entries did not say which factor: of a person who has such, a factor of that kind
    may be that one.
    """
    for whose, held, told in rows:
        stands, unnamed = _told(json.loads(told))
        for kind, user_id, made_us, data in json.loads(held):
            digest = _digest(kind, user_id, made_us, data)
            if digest in stands:
                del stands[digest]
            elif kind not in unnamed:
                says = f"a factor ({kind}) of theirs was added past us: no entry names it"
                yield "factor_without_entry", whose, says
        for kind in stands.values():
            says = f"a factor ({kind}) of theirs was removed or changed past us"
            yield "factor_gone", whose, says


def _told(entries: Sequence[tuple[str, str, str | None]]) -> tuple[dict[str, str], set[str]]:
    """Return the factors that entries say there are, and of which kind some were not named."""
    stands: dict[str, str] = {}
    unnamed: set[str] = set()
    for event, kind, digest in entries:
        if event == FACTOR_REMOVED:
            stands.pop(digest or "", None)
        elif digest:
            stands[digest] = kind
        else:
            unnamed.add(kind)
    return stands, unnamed


COMPARISON: Final = Comparison("second factors and their entries", FACTORS, differences)
