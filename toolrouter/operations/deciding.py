"""The facts of a call as they are now, for the policy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, cast

from django.conf import settings

from toolrouter.enums import TokenStanding
from toolrouter.operations.recording import Asked
from toolrouter.policy import Facts, Gate
from toolrouter.ports import Refusal
from toolrouter.queries.safety import Safety
from toolrouter.registry import UNKNOWN
from toolrouter.vocabulary import Code, Readiness, Risk

# What a token that once let somebody in is refused with: in words, for it is known.
REFUSED_WITH: Final = {
    TokenStanding.EXPIRED: Code.EXPIRED,
    TokenStanding.REVOKED: Code.REVOKED,
    TokenStanding.STOPPED: Code.STOPPED,
    TokenStanding.ENDED: Code.DEADLINE,
}
Mode = Literal["live", "test", "sandbox", "sample"]


def facts_of(asked: Asked, found: Iterable[Code], safety: Safety) -> Facts:
    """Return what the policy decides ``asked`` by; ``found`` is what its reader found wrong."""
    entry, now = asked.entry, asked.credential.now
    standing = REFUSED_WITH.get(asked.credential.standing)
    is_refused_anyway = isinstance(entry, Refusal) and entry.risk != Risk.FORBIDDEN
    return Facts(
        operation=entry.stored_name if entry else UNKNOWN,
        risk=entry.risk if entry else None,
        run_kind=safety.grant.kind,
        mode=cast(Mode, safety.grant.mode),
        found=(*found, *([standing] if standing else [])),
        is_stopped=bool(safety.stopped),
        is_held=bool(safety.held),
        is_frozen=safety.is_frozen,
        is_past_deadline=safety.has_expired(now),
        postures=safety.postures,
        outreach=Gate(environment=settings.LIVE_OUTREACH, account=safety.outreach_open),
        spend=Gate(environment=settings.LIVE_SPEND, account=safety.spend_open),
        readiness=Readiness.NOT_CONFIGURED if is_refused_anyway else None,
    )
