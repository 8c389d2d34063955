"""The facts of a call as they are now, for the policy."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal, cast

from django.conf import settings

from approvals.queries import people_who_may
from toolrouter.approval_rules import PERMISSIONS
from toolrouter.enums import CallState, TokenStanding
from toolrouter.models import ToolCall
from toolrouter.policy import Facts, Gate, People
from toolrouter.ports import AnyOperation, Entry, Operation, Refusal
from toolrouter.queries.credentials import Credential
from toolrouter.queries.safety import Safety
from toolrouter.registry import UNKNOWN
from toolrouter.timing import REFUSED_LATELY
from toolrouter.vocabulary import Code, Readiness, Risk

# What a token that once let somebody in is refused with: in words, for it is known.
REFUSED_WITH: Final = {
    TokenStanding.EXPIRED: Code.EXPIRED,
    TokenStanding.REVOKED: Code.REVOKED,
    TokenStanding.STOPPED: Code.STOPPED,
    TokenStanding.ENDED: Code.DEADLINE,
}
Mode = Literal["live", "test", "sandbox", "sample"]


def facts_of(
    entry: Entry | None,
    *,
    found: Iterable[Code],
    safety: Safety,
    now: datetime,
    is_recently_refused: bool = False,
) -> Facts:
    """Return what the policy decides a call by; ``found`` is what its reader found wrong."""
    is_refused_anyway = isinstance(entry, Refusal) and entry.risk != Risk.FORBIDDEN
    return Facts(
        operation=entry.stored_name if entry else UNKNOWN,
        risk=entry.risk if entry else None,
        run_kind=safety.grant.kind,
        mode=cast(Mode, safety.grant.mode),
        found=tuple(found),
        is_stopped=bool(safety.stopped),
        is_held=bool(safety.held),
        is_frozen=safety.is_frozen,
        is_past_deadline=safety.has_expired(now),
        is_recently_refused=is_recently_refused,
        postures=safety.postures,
        outreach=Gate(environment=settings.LIVE_OUTREACH, account=safety.outreach_open),
        spend=Gate(environment=settings.LIVE_SPEND, account=safety.spend_open),
        readiness=Readiness.NOT_CONFIGURED if is_refused_anyway else None,
        people=_people(entry) if isinstance(entry, Operation) and entry.effect else None,
    )


def refused_token(credential: Credential) -> tuple[Code, ...]:
    """Return what a known token is refused with; nothing where it is open."""
    code = REFUSED_WITH.get(credential.standing)
    return (code,) if code else ()


def was_refused_lately(entry: AnyOperation, subject_ref: str, *, now: datetime) -> bool:
    """Say whether a person refused the same about the same record less than an hour ago."""
    return ToolCall.objects.filter(
        operation=entry.stored_name,
        subject_ref=subject_ref,
        state=CallState.DENIED,
        codes__contains=[Code.REFUSED],
        closed_at__gt=now - REFUSED_LATELY,
    ).exists()


def _people(entry: AnyOperation) -> People:
    permission = PERMISSIONS.get(entry.risk)
    return People(needed=1, eligible=people_who_may(permission) if permission else 0)
