"""Seal what was committed since: positions without gaps, one signed root per batch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from ledger import merkle
from ledger.chain import GENESIS, SealBody
from ledger.models import SEALER_LOCK, Seal, SealKey
from ledger.ports import Head, HeadSink, SealerHeldUp, SealForged, SealKeyRetired, Signer, key_id
from ledger.queries.holders import sealer_held_up_by
from ledger.queries.seals import heads_after, newest_seal

BATCH_MAX: Final = 5_000  # entries under one seal: 0.1 s of work, and a proof of 13 steps
BATCHES_MAX: Final = 200  # in one run; the rest waits ten seconds
TIDY_FROM: Final = 50_000  # entries sealed in one run
LOCK_TIMEOUT_S: Final = 5  # for rows that somebody holds; the next run tries again

# OFFSET 0 makes the planner look rows up by their key. Left to itself it reads whole tables for
# every batch, because fresh tables have no statistics.
_TAKE_DUE = """
WITH due AS (
  DELETE FROM ledger_unsealedentry WHERE entry_id IN (
    SELECT entry_id FROM ledger_unsealedentry ORDER BY entry_id LIMIT %s)
  RETURNING entry_id)
INSERT INTO ledger_sealedentry (position, entry_id, content_hash)
SELECT row_number() OVER (ORDER BY due.entry_id)
    + (SELECT coalesce(max(position), 0) FROM ledger_sealedentry),
  due.entry_id, entry.content_hash
FROM due
CROSS JOIN LATERAL (
  SELECT content_hash FROM ledger_ledgerentry WHERE id = due.entry_id OFFSET 0) entry
LEFT JOIN LATERAL (
  SELECT position FROM ledger_sealedentry WHERE entry_id = due.entry_id OFFSET 0) sealed ON true
WHERE sealed.position IS NULL
"""
# Also what somebody else put there: it is a real entry at the next place (ledger_positions_follow).
_BEYOND_SEALS: Final = """
SELECT position, content_hash FROM ledger_sealedentry WHERE position > %s ORDER BY position LIMIT %s
"""
_ADD_TO_BALANCES = """
INSERT INTO ledger_balance (mode, account, currency, amount_minor)
SELECT entry.mode, leg.account, leg.currency, sum(leg.amount_minor)
FROM ledger_sealedentry sealed
CROSS JOIN LATERAL (SELECT mode FROM ledger_ledgerentry WHERE id = sealed.entry_id OFFSET 0) entry
CROSS JOIN LATERAL (
  SELECT account, currency, amount_minor FROM ledger_posting
  WHERE entry_id = sealed.entry_id OFFSET 0) leg
WHERE sealed.position BETWEEN %s AND %s
GROUP BY entry.mode, leg.account, leg.currency
ON CONFLICT (mode, account, currency)
DO UPDATE SET amount_minor = ledger_balance.amount_minor + excluded.amount_minor
"""


def seal_due(*, signer: Signer, sink: HeadSink, now: datetime, batch_max: int = BATCH_MAX) -> int:
    """Seal committed entries that no seal covers, up to 200 batches, and publish the heads.

    Returns how many entries were sealed; none while another sealer is at work. A crash at any
    point loses nothing: the next run seals what is left and publishes what is missing.

    Raises, and seals nothing: ChainShorterThanHead when the heads outside know more than we do;
    HeadsUnreadable and HeadsGone when they are not those that we kept; PublishedKeyChanged when a
    key in the database is not the one that signed what is to be told; SealKeyRetired; SealForged;
    SealerHeldUp, after what could be sealed.
    """
    newest = newest_seal()
    _check_newest(newest, signer=signer)  # before the world is told of it
    # Of a chain that begins now, two sealers at once may each have a head to tell.
    begins = newest is None
    publish_heads(sink=sink, begins_anew=begins)
    entries_sealed = 0
    for _ in range(BATCHES_MAX):
        try:
            seal = seal_batch(signer=signer, now=now, batch_max=batch_max)
        except OperationalError as error:
            _say_who_holds_up(error)
            raise
        if seal is None:
            break
        publish_heads(sink=sink, begins_anew=begins)
        entries_sealed += seal.last_position - seal.first_position + 1
    if entries_sealed >= TIDY_FROM:
        _tidy()
    return entries_sealed


def _say_who_holds_up(error: OperationalError) -> None:
    """Raise SealerHeldUp, with who does it, where ``error`` is that we waited too long."""
    if isinstance(error.__cause__, LockNotAvailable):
        names = "; ".join(map(str, sealer_held_up_by())) or "somebody who has let go meanwhile"
        raise SealerHeldUp(f"what the sealer needs is held by {names}") from error


def _tidy() -> None:
    """Clear away the rows of the list of what waits that so many batches deleted.

    Whoever asks what waits would read through them until Postgres comes to it by itself, which
    takes a minute: 0.2 s for a page, after a million. (Before Postgres 17 only the owner of the
    table may do this; then it is left to Postgres, with a warning.)
    """
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ledger_unsealedentry")


def publish_heads(*, sink: HeadSink, begins_anew: bool = False) -> int:
    """Append the heads that are not yet kept outside the database; return how many.

    With ``begins_anew`` a log that is not there is written from the first seal on.
    """

    def newer_than(last: Head | None) -> Iterator[Head]:
        return heads_after(last, begins_anew=begins_anew)

    return sink.append_after(newer_than)


@transaction.atomic(durable=True)
def seal_batch(*, signer: Signer, now: datetime, batch_max: int = BATCH_MAX) -> Seal | None:
    """Seal up to ``batch_max`` entries; None when none is due or another sealer is at work.

    Appending goes on meanwhile: an entry that commits later takes a later position. Raises
    SealKeyRetired; SealForged; OperationalError after five seconds in which somebody held rows
    that it needs.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{LOCK_TIMEOUT_S}s"])
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALER_LOCK])
        if not cursor.fetchone()[0]:
            return None
        previous = newest_seal()
        _check_newest(previous, signer=signer)
        cursor.execute(_TAKE_DUE, [batch_max])
        cursor.execute(_BEYOND_SEALS, [previous.last_position if previous else 0, batch_max])
        taken = cursor.fetchall()
        if not taken:
            return None
        cursor.execute(_ADD_TO_BALANCES, [taken[0][0], taken[-1][0]])
    body = SealBody(
        number=previous.number + 1 if previous else 1,
        first_position=taken[0][0],
        last_position=taken[-1][0],
        merkle_root=merkle.root([bytes(leaf) for _, leaf in taken]),
        previous_hash=bytes(previous.seal_hash) if previous else GENESIS,
        sealed_at=now,
        key_id=key_id(signer.public_key),
    )
    return _write_seal(body, signer=signer)


def _check_newest(newest: Seal | None, *, signer: Signer) -> None:
    """Go on after no seal that is not ours, once we have signed one.

    Who may write to the database can insert a seal, but not sign it.
    """
    if newest is None:
        return
    own = key_id(signer.public_key)
    if newest.key_id == own:
        if not newest.body.is_signed(bytes(newest.signature), by=signer.public_key):
            raise SealForged(
                f"seal {newest.number} is not signed by our key {own[:16]}: somebody wrote it into "
                "the database. Run verify_ledger; see docs/operations.md, When something is wrong"
            )
    elif Seal.objects.filter(key_id=own).exists():
        raise SealKeyRetired(
            f"the seal key {own[:16]} was rotated away, put the new key file in its place; or else "
            f"somebody wrote seal {newest.number} with a key of theirs: verify_ledger names that"
        )


def _write_seal(body: SealBody, *, signer: Signer) -> Seal:
    SealKey.objects.get_or_create(
        key_id=body.key_id,
        defaults={"public_key": signer.public_key, "first_used_at": body.sealed_at},
    )
    return Seal.objects.create(
        number=body.number,
        first_position=body.first_position,
        last_position=body.last_position,
        merkle_root=body.merkle_root,
        previous_hash=body.previous_hash,
        seal_hash=body.seal_hash(),
        sealed_at=body.sealed_at,
        key_id=body.key_id,
        signature=signer.sign(body.message()),
    )
