"""The facts of a call as they are now, for the policy."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, cast

from django.conf import settings

from approvals.queries import people_who_may
from kernel.modes import Mode
from kernel.money import Money
from toolrouter.approval_rules import PERMISSIONS, people_needed
from toolrouter.connections import provider_of
from toolrouter.envelopes import Key
from toolrouter.operations.counting import REFUSED_WITH
from toolrouter.policy import Facts, Funding, Gate, People
from toolrouter.ports import AnyApproved, AnyOperation, Arguments, Entry, Operation, Refusal
from toolrouter.queries.credentials import Credential
from toolrouter.queries.headroom import Spend, caps_on, counted_of_run_minor
from toolrouter.queries.readiness import readiness_of
from toolrouter.queries.safety import GrantFacts, Safety
from toolrouter.registry import UNKNOWN
from toolrouter.vocabulary import Code, Readiness, Risk

ModeWord = Literal["live", "test", "sandbox", "sample"]


def facts_of(
    entry: Entry | None,
    *,
    found: Iterable[Code],
    safety: Safety,
    now: datetime,
    arguments: Arguments | None = None,
    is_recently_refused: bool = False,
    own_call: int | None = None,
    confirms_key: bool = False,
) -> Facts:
    """Return what the policy decides a call by; ``found`` is what its reader found wrong.

    The reservation of ``own_call`` is not counted against it. ``confirms_key``: whoever asks is
    about to call, and must hold the key that was proved.
    """
    ceiling, spend = ceiling_of(entry, arguments), None
    if ceiling is not None and isinstance(entry, Operation):
        spend = spend_of(entry, ceiling, safety.grant)
    return Facts(
        operation=entry.stored_name if entry else UNKNOWN,
        risk=entry.risk if entry else None,
        run_kind=safety.grant.kind,
        mode=cast(ModeWord, safety.grant.mode),
        found=tuple(found),
        is_stopped=bool(safety.stopped),
        is_held=bool(safety.held),
        is_frozen=safety.is_frozen,
        is_past_deadline=safety.has_expired(now),
        is_recently_refused=is_recently_refused,
        postures=safety.postures,
        outreach=Gate(environment=settings.LIVE_OUTREACH, account=safety.outreach_open),
        spend=Gate(environment=settings.LIVE_SPEND, account=safety.spend_open),
        readiness=_readiness(entry, mode=safety.grant.mode, confirms_key=confirms_key),
        people=_people(entry, ceiling, safety)
        if isinstance(entry, Operation) and entry.effect
        else None,
        ceiling_minor=ceiling.amount_minor if ceiling else None,
        caps=tuple(caps_on(spend, now=now, except_call=own_call)) if spend else (),
        funding=_funding(spend, safety, own_call=own_call) if spend else None,
    )


def ceiling_of(entry: Entry | None, arguments: Arguments | None) -> Money | None:
    """Return what a call can cost at most; None where it costs nothing, or was not read."""
    if not isinstance(entry, Operation) or entry.ceiling is None or arguments is None:
        return None
    return entry.ceiling(arguments)


def spend_of(entry: AnyOperation, ceiling: Money, grant: GrantFacts) -> Spend:
    """Return what decides which caps hold a call."""
    return Spend(
        family=entry.family,
        currency=ceiling.currency,
        mode=grant.mode,
        project_ref=grant.project_ref,
        run_ref=grant.run_ref,
    )


def _funding(spend: Spend, safety: Safety, *, own_call: int | None) -> Funding | None:
    """Return the run's share of its funding, in the call's currency; None where none is set."""
    share, funded = safety.funding_share_percent, safety.grant.funded
    if share is None:
        return None
    return Funding(
        share_percent=share,
        funded_minor=funded.amount_minor if funded.currency == spend.currency else 0,
        run_minor=counted_of_run_minor(spend, except_call=own_call),
    )


def _readiness(entry: Entry | None, *, mode: str, confirms_key: bool) -> Readiness | None:
    """Return how far the provider of a call is ready; None where there is none to ask.

    Of what is done by hand nothing can be tried out, and an owner's word is asked in live mode.
    """
    if isinstance(entry, Refusal):
        return None if entry.risk == Risk.FORBIDDEN else Readiness.NOT_CONFIGURED
    if entry is None or entry.effect is None:
        return None
    provider = provider_of(entry.effect.provider)
    if provider is not None and not provider.has_api and mode != Mode.LIVE:
        return None
    return readiness_of(entry.effect.provider, confirms=confirms_key).level


def key_of(effect: AnyApproved) -> Key:
    """Return which key and address were proved of the provider of ``effect``.

    What is done by hand has neither.
    """
    provider = provider_of(effect.provider)
    if provider is not None and not provider.has_api:
        return Key(address="", digest="")
    ready = readiness_of(effect.provider)
    return Key(address=ready.address, digest=ready.key_digest)


def refused_token(credential: Credential) -> tuple[Code, ...]:
    """Return what a known token is refused with; nothing where it is open."""
    code = REFUSED_WITH.get(credential.standing)
    return (code,) if code else ()


def _people(entry: AnyOperation, ceiling: Money | None, safety: Safety) -> People:
    permission = PERMISSIONS.get(entry.risk)
    return People(
        needed=people_needed(ceiling, two_from=safety.two_people_from),
        eligible=people_who_may(permission) if permission else 0,
    )
