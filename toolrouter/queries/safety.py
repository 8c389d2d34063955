"""What holds for one run now: its grant, and the postures, stops and holds above it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now

from kernel.money import Money
from toolrouter.enums import STRICTNESS, CapScope, Posture, RunKind, Scope
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
class Safety:
    """What holds for one run, but for its caps (``queries.headroom``).

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
    """Return what holds for the run of that grant. One statement.

    ``lock``: in the caller's transaction, and nobody stops, holds, freezes or changes any of it,
    caps included, before COMMIT: share locks on account, project and grant, in the order of
    docs/rules.md. Raises GrantNotFound.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SAFETY_LOCKED if lock else _SAFETY, [grant_id])
        row = cursor.fetchone()
    if row is None:
        raise GrantNotFound(grant_id)
    account = _read(SafetySettings, _ACCOUNT, row[: len(_ACCOUNT)])
    project = _read(ProjectSettings, _STANDS, row[len(_ACCOUNT) : -len(_GRANT)])
    grant = _read(Grant, _GRANT, row[-len(_GRANT) :])
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
    )


_STANDS: Final = ("posture", "stopped_at", "held_at")
_ACCOUNT: Final = (
    *_STANDS,
    *("outreach_open", "spend_open", "funding_share_percent", "two_people_from_minor"),
    *("two_people_currency", "decide_outbound_h", "decide_spend_h", "decide_provisioning_h"),
    "cap_raiser_waits",
)
_GRANT: Final = (
    *_STANDS,
    *("id", "reference", "run_ref", "run_code", "project_id", "kind", "mode", "trace_ref"),
    *("funded_minor", "currency", "opened_at", "expires_at", "frozen_at", "ended_at"),
)
_SAFETY: Final = """
SELECT account.posture, account.stopped_at, account.held_at, account.outreach_open,
  account.spend_open, account.funding_share_percent, account.two_people_from_minor,
  account.two_people_currency, account.decide_outbound_h, account.decide_spend_h,
  account.decide_provisioning_h, account.cap_raiser_waits,
  project.posture, project.stopped_at, project.held_at,
  held.posture, held.stopped_at, held.held_at, held.id, held.reference, held.run_ref,
  held.run_code, held.project_ref, held.kind, held.mode, held.trace_ref, held.funded_minor,
  held.currency, held.opened_at, held.expires_at, held.frozen_at, held.ended_at
FROM toolrouter_safetysettings account
CROSS JOIN toolrouter_projectsettings project
JOIN toolrouter_grant held ON held.project_ref = project.project_ref
WHERE account.is_the_one AND held.id = %s
"""
# Postgres locks the three rows in the order in which they are named here, each as it then is.
_SAFETY_LOCKED: Final = f"{_SAFETY}FOR SHARE OF account, project, held"


def _read(model: type[S], columns: Sequence[str], values: Sequence[object]) -> S:
    return model(**dict(zip(columns, values, strict=True)))


def has_caps(*, mode: str) -> bool:
    """Say whether the account has a cap above nothing in that mode: without, nothing is spent."""
    return SpendCap.objects.filter(scope=CapScope.ACCOUNT, mode=mode, limit_minor__gt=0).exists()


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
