"""What holds for one run now: its grant, the postures, stops and holds above it, and its caps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from django.db.models import Q
from django.db.models.functions import Now

from kernel.money import Money
from toolrouter.enums import STRICTNESS, CapScope, CapWindow, Family, Posture, RunKind, Scope
from toolrouter.models import Grant, GrantSubject, ProjectSettings, SafetySettings, SpendCap
from toolrouter.models.stoppable import Stoppable

S = TypeVar("S", bound=Stoppable)


class GrantNotFound(LookupError):
    """There is no such grant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantFacts:
    """A grant as other apps see it."""

    id: int
    reference: str
    run_ref: str
    run_code: str
    project_ref: str
    kind: RunKind
    mode: str
    trace_ref: str
    funded: Money
    opened_at: datetime
    expires_at: datetime
    frozen_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CapFacts:
    """One cap as it bounds a run: of the account, of its project or of itself."""

    id: int
    reference: str
    scope: CapScope
    ref: str
    family: Family
    mode: str
    time_window: CapWindow
    limit: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Safety:
    """What holds for one run. ``caps`` are those of its mode, of every family and currency.

    The gates of the environment are settings, and not in here.
    """

    grant: GrantFacts
    postures: tuple[Posture, Posture, Posture]  # account, project, run
    stopped: tuple[Scope, ...]
    held: tuple[Scope, ...]
    outreach_open: bool
    spend_open: bool
    funding_share_percent: int | None
    two_people_from: Money | None
    decide_outbound_h: int
    decide_spend_h: int
    decide_provisioning_h: int
    cap_raiser_waits: bool
    caps: Sequence[CapFacts]

    @property
    def posture(self) -> Posture:
        """Return the strictest of the three."""
        return strictest(self.postures)

    @property
    def is_frozen(self) -> bool:
        """Say whether the run's work stands still."""
        return self.grant.frozen_at is not None

    def has_expired(self, now: datetime) -> bool:
        """Say whether the run's time is over, or the run itself."""
        return self.grant.ended_at is not None or self.grant.expires_at <= now


def strictest(postures: Iterable[str]) -> Posture:
    """Return the strictest posture."""
    return max(map(Posture, postures), key=STRICTNESS.index)


def safety_of(grant_id: int, *, lock: bool = False) -> Safety:
    """Return what holds for the run of that grant. Four statements.

    ``lock``: in the caller's transaction, and nobody stops, holds, freezes or changes any of it,
    caps included, before COMMIT: share locks on account, project and grant, in the order of
    docs/rules.md. Whoever reserves money under a cap locks that cap's row after them. Raises
    GrantNotFound.
    """
    account = _first(SafetySettings, _ACCOUNT, [], lock=lock)
    project = _first(ProjectSettings, _PROJECT, [grant_id], lock=lock)
    grant = _first(Grant, _GRANT, [grant_id], lock=lock)
    if account is None or project is None or grant is None:
        raise GrantNotFound(grant_id)
    named = {Scope.ACCOUNT: account, Scope.PROJECT: project, Scope.RUN: grant}
    return Safety(
        grant=grant_facts(grant),
        postures=(Posture(account.posture), Posture(project.posture), Posture(grant.posture)),
        stopped=tuple(scope for scope, row in named.items() if row.is_stopped),
        held=tuple(scope for scope, row in named.items() if row.is_held),
        outreach_open=account.outreach_open,
        spend_open=account.spend_open,
        funding_share_percent=account.funding_share_percent,
        two_people_from=account.two_people_from,
        decide_outbound_h=account.decide_outbound_h,
        decide_spend_h=account.decide_spend_h,
        decide_provisioning_h=account.decide_provisioning_h,
        cap_raiser_waits=account.cap_raiser_waits,
        caps=caps_of(grant),
    )


_ACCOUNT: Final = "SELECT * FROM toolrouter_safetysettings WHERE is_the_one"
_PROJECT: Final = """
SELECT * FROM toolrouter_projectsettings
WHERE project_ref = (SELECT project_ref FROM toolrouter_grant WHERE id = %s)
"""
_GRANT: Final = "SELECT * FROM toolrouter_grant WHERE id = %s"
# Django has no word for this lock.
_LOCKED: Final = {sql: f"{sql} FOR SHARE" for sql in (_ACCOUNT, _PROJECT, _GRANT)}


def _first(model: type[S], sql: str, values: list[object], *, lock: bool) -> S | None:
    """Return the row, share-locked where asked."""
    found = model._default_manager.raw(_LOCKED[sql] if lock else sql, values)
    return next(iter(found), None)


_BOUNDING: Final = """
SELECT * FROM toolrouter_spendcap WHERE mode = %s AND (scope = 'account'
  OR (scope = 'project' AND ref = %s) OR (scope = 'run' AND ref = %s)) ORDER BY id
"""


def caps_of(grant: Grant) -> Sequence[CapFacts]:
    """Return the caps of its mode that bound a run: account, project, run. One statement."""
    bounding = [grant.mode, grant.project_ref, grant.run_ref]
    return [cap_facts(cap) for cap in SpendCap.objects.raw(_BOUNDING, bounding)]


def has_caps(*, mode: str) -> bool:
    """Say whether the account has a cap above nothing in that mode: without, nothing is spent."""
    return SpendCap.objects.filter(scope=CapScope.ACCOUNT, mode=mode, limit_minor__gt=0).exists()


def cap_facts(cap: SpendCap) -> CapFacts:
    """Return a cap as others see it."""
    return CapFacts(
        id=cap.pk,
        reference=cap.reference,
        scope=CapScope(cap.scope),
        ref=cap.ref,
        family=Family(cap.family),
        mode=cap.mode,
        time_window=CapWindow(cap.time_window),
        limit=cap.limit,
    )


def grant_facts(grant: Grant) -> GrantFacts:
    """Return a grant as others see it."""
    return GrantFacts(
        id=grant.pk,
        reference=grant.reference,
        run_ref=grant.run_ref,
        run_code=grant.run_code,
        project_ref=grant.project_ref,
        kind=RunKind(grant.kind),
        mode=grant.mode,
        trace_ref=grant.trace_ref,
        funded=grant.funded,
        opened_at=grant.opened_at,
        expires_at=grant.expires_at,
        frozen_at=grant.frozen_at,
        ended_at=grant.ended_at,
    )


def grant_of_run(run: str) -> GrantFacts | None:
    """Return the grant of a run, by its reference or its code; None where there is none.

    A code names the one run that is open under it. One statement.
    """
    named = Q(run_ref=run) | Q(run_code=run.upper(), ended_at__isnull=True)
    grant = Grant.objects.filter(named).first()
    return grant_facts(grant) if grant else None


def is_known_to_a_run(subject_ref: str) -> bool:
    """Say whether a run that has not ended may know of that deal, contact or company."""
    known = GrantSubject.objects.filter(subject_ref=subject_ref, grant__ended_at=None)
    return known.filter(grant__expires_at__gt=Now()).exists()


def runs_with_grant(run_refs: Sequence[str]) -> set[str]:
    """Return which of these runs have a grant. One statement."""
    return set(Grant.objects.filter(run_ref__in=run_refs).values_list("run_ref", flat=True))
