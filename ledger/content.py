"""The content of an entry: one line of text, and the hash that the seals hold.

The line is what Postgres' own ``COPY (SELECT …) TO STDOUT`` writes for the columns below, so the
server can stream a million of them and anyone can check them with ``psql`` and ``sha256``. It is
unambiguous whatever a row holds, because COPY escapes tabs, newlines and backslashes. Python writes
the same line before the row exists (``line``); a test holds both to each other.

The hash is the leaf hash of RFC 6962: SHA-256 of a zero byte and the line.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from kernel.money import Money
from ledger.facts import StoredFact

VERSION: Final = "ledger-1"
LEAF: Final = b"\x00"

# The legs of an entry in one word: how many, then each as "account amount currency", by account
# (byte by byte, the column's collation). The number makes the word unambiguous even if somebody
# wrote a comma or a space into an account.
LEGS_SQL: Final = """(SELECT concat(count(*), ';', string_agg(
    leg.account || ' ' || leg.amount_minor || ' ' || leg.currency, ','
    ORDER BY leg.account))
  FROM ledger_posting leg WHERE leg.entry_id = entry.id)"""

# The columns of the line, of a table or alias called "entry". Needs DateStyle ISO.
COLUMNS_SQL: Final = f"""'{VERSION}', entry.reference, entry.key, entry.kind, entry.event,
  entry.subject, to_jsonb(entry.refs), entry.facts, entry.mode, entry.trace_ref,
  entry.occurred_at AT TIME ZONE 'UTC', entry.recorded_at AT TIME ZONE 'UTC', {LEGS_SQL}"""


def facts_text(facts: Mapping[str, StoredFact]) -> str:
    """Write checked facts as jsonb prints them."""
    return json.dumps(facts, ensure_ascii=False)


def time_text(moment: datetime) -> str:
    """Write a time as Postgres prints a timestamp in UTC."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", timespec="microseconds")
    return text.rstrip("0").rstrip(".") if "." in text else text


def legs_text(postings: Mapping[str, Money]) -> str:
    """Write the legs in one word, as LEGS_SQL does."""
    legs = (
        f"{account} {money.amount_minor} {money.currency}"
        for account, money in sorted(postings.items())
    )
    return f"{len(postings)};{','.join(legs)}"


def line(
    *,
    reference: str,
    key: str,
    kind: str,
    event: str,
    subject: str,
    refs: Sequence[str],
    facts: Mapping[str, StoredFact],
    mode: str,
    trace_ref: str,
    occurred_at: datetime,
    recorded_at: datetime,
    postings: Mapping[str, Money],
) -> bytes:
    """Return the line of an entry that is about to be written.

    Everything must have passed ``ledger.shapes`` and ``ledger.facts``. Raises ValueError for a
    character that COPY would escape.
    """
    text = "\t".join(
        (
            VERSION, reference, key, kind, event, subject, json.dumps(list(refs)),
            facts_text(facts), mode, trace_ref, time_text(occurred_at), time_text(recorded_at),
            legs_text(postings),
        )
    )  # fmt: skip
    if "\\" in text or "\n" in text or text.count("\t") != 12:
        raise ValueError("an entry holds a character that has no place in the ledger")
    return text.encode()


def content_hash(text: bytes) -> bytes:
    """Return the 32 bytes that the seals hold for an entry with this line."""
    return hashlib.sha256(LEAF + text).digest()
