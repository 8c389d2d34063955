"""How many calls a run makes: counted in rows, each by one statement that waits for nobody else."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import connection

from toolrouter.answers import Answer
from toolrouter.enums import TokenStanding
from toolrouter.floods import DEAD_TOKEN_CALLS_PER_MINUTE, Counts, Limits, is_too_many
from toolrouter.queries.credentials import Credential
from toolrouter.vocabulary import Code

# What a token that once let somebody in is refused with: in words, for it is known.
REFUSED_WITH: Final = {
    TokenStanding.EXPIRED: Code.EXPIRED,
    TokenStanding.REVOKED: Code.REVOKED,
    TokenStanding.STOPPED: Code.STOPPED,
    TokenStanding.ENDED: Code.DEADLINE,
}
# Its COMMIT does not wait for the disk: what a crash takes is a count of this minute.
_COUNT: Final = """
INSERT INTO toolrouter_callcount AS counted (grant_id, token_ref, minute, calls, proposals)
SELECT %s, %s, date_trunc('minute', %s::timestamptz), 1, %s
FROM set_config('synchronous_commit', 'off', true)
ON CONFLICT (grant_id, token_ref, minute) DO UPDATE
SET calls = counted.calls + 1, proposals = counted.proposals + EXCLUDED.proposals
RETURNING calls, proposals
"""


def one_too_many(
    credential: Credential, *, needs_person: bool = False, is_written: bool = True
) -> Answer | None:
    """Count one call; return what is answered where it is one too many of its minute, else None.

    The calls of a token that lets nobody in are counted by themselves and take nothing from the
    run's good one. The first few of a minute are written down; what would be written of the others
    (``is_written``) is only refused.
    Called outside of a transaction: what is refused is counted too, and no call of a run waits
    here for the end of another.
    """
    dead_as = REFUSED_WITH.get(credential.standing)
    token_ref = credential.token_ref if dead_as else ""
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT, [credential.grant_id, token_ref, credential.now, 1 if needs_person else 0]
        )
        calls, proposals = cursor.fetchone()
    if dead_as and is_written and calls > DEAD_TOKEN_CALLS_PER_MINUTE:
        return Answer.denied(dead_as)
    limits = Limits(
        calls_per_minute=settings.RUN_CALLS_PER_MINUTE_MAX,
        proposals_per_minute=settings.RUN_PROPOSALS_PER_MINUTE_MAX,
        waiting=settings.RUN_WAITING_MAX,
    )
    counts = Counts(calls=calls, proposals=proposals, waiting=0)
    if is_too_many(counts, limits, needs_person=needs_person):
        return Answer.denied(Code.TOO_MANY, retry_after_s=60 - credential.now.second)
    return None


def shut_out(credential: Credential) -> Code | None:
    """Return why a token is told nothing at all, also not where its run's calls stand.

    That is one that somebody revoked, or that is past its time: who holds it now, nobody knows.
    After a stop, or the end of its run, an agent still hears what became of what it asked.
    """
    is_shut = credential.standing in {TokenStanding.REVOKED, TokenStanding.EXPIRED}
    return REFUSED_WITH[credential.standing] if is_shut else None
