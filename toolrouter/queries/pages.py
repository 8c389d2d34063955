"""What the pages of runs, projects and safety show: plain values, with who did what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib.auth.models import User
from django.db.models import Q

from kernel.paging import Cursor, Page, page_of
from toolrouter.enums import (
    POSTURE_NOTES,
    POSTURES,
    CapScope,
    CapWindow,
    Family,
    IncidentKind,
    Posture,
    Scope,
    Setting,
    TokenStanding,
)
from toolrouter.models import (
    Grant,
    GrantSubject,
    Incident,
    ProjectSettings,
    RunToken,
    SafetyChange,
    SafetySettings,
    SpendCap,
    Stop,
)
from toolrouter.models.stoppable import Stoppable
from toolrouter.outbox import said
from toolrouter.queries.cap_pages import CapLine, caps_shown
from toolrouter.queries.clock import database_now
from toolrouter.queries.safety import GrantFacts, grant_facts

ROWS_PER_PAGE: Final = 50
LISTED_MAX: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the account, a project or a run stands: its posture, and what holds or stops it."""

    scope: Scope
    ref: str
    posture: Posture
    stopped_at: datetime | None
    held_at: datetime | None
    stop_ref: str  # of the stop that stands, or nothing

    @property
    def posture_words(self) -> str:
        """Return the posture as people read it."""
        return dict(POSTURES)[self.posture]

    @property
    def posture_note(self) -> str:
        """Return what agents may still do under it."""
        return POSTURE_NOTES[self.posture]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLine:
    """One token of a run on its page."""

    reference: str
    made_by: str
    made_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    ended_at: datetime | None
    standing: TokenStanding

    @property
    def is_open(self) -> bool:
        """Say whether it still lets an agent in."""
        return self.standing == TokenStanding.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectLine:
    """One record that a run may know of."""

    subject_ref: str
    added_by: str  # nothing: it is the run's own
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSafety:
    """All that the page of a run says of what it may do."""

    grant: GrantFacts
    standing: Standing
    subjects: Sequence[SubjectLine]
    caps: Sequence[CapLine]
    tokens: Sequence[TokenLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class StopLine:
    """A stop, and its release."""

    reference: str
    scope: Scope
    ref: str
    stopped_by: str
    stopped_at: datetime
    reason: str
    tokens_ended: int
    released_by: str
    released_at: datetime | None
    release_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentLine:
    """An incident, and how it was closed."""

    reference: str
    kind: IncidentKind
    scope: Scope
    ref: str
    about_ref: str
    opened_by: str
    opened_at: datetime
    reason: str
    closed_by: str
    closed_at: datetime | None
    close_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """One change of a safety setting."""

    reference: str
    scope: Scope
    ref: str
    setting: Setting
    about: str  # which cap, in words
    old: str
    new: str
    changed_by: str
    changed_at: datetime
    reason: str


def standing_of(scope: Scope, ref: str) -> Standing | None:
    """Return how the account, a project or a run stands; None where there is none."""
    row: Stoppable | None
    match scope:
        case Scope.ACCOUNT:
            row = SafetySettings.objects.first() if not ref else None
        case Scope.PROJECT:
            row = ProjectSettings.objects.filter(project_ref=ref).first()
        case Scope.RUN:
            row = Grant.objects.filter(run_ref=ref).first()
    return _standing(scope, ref, row) if row else None


def _standing(scope: Scope, ref: str, row: Stoppable) -> Standing:
    stop = Stop.objects.filter(scope=scope, ref=ref, released_at=None) if row.is_stopped else ()
    return Standing(
        scope=scope,
        ref=ref,
        posture=Posture(row.posture),
        stopped_at=row.stopped_at,
        held_at=row.held_at,
        stop_ref=next((each.reference for each in stop), ""),
    )


def run_safety(run_ref: str) -> RunSafety | None:
    """Return what a run may do; None where it has no grant. Eight statements at most."""
    grant = Grant.objects.filter(run_ref=run_ref).first()
    if grant is None:
        return None
    subjects = GrantSubject.objects.filter(grant=grant).select_related("added_by").order_by("pk")
    return RunSafety(
        grant=grant_facts(grant),
        standing=_standing(Scope.RUN, run_ref, grant),
        subjects=[
            SubjectLine(
                subject_ref=each.subject_ref, added_by=who(each.added_by), added_at=each.added_at
            )
            for each in subjects[:LISTED_MAX]
        ],
        caps=caps_shown(scopes=[CapScope.RUN], ref=run_ref),
        tokens=_tokens(grant),
    )


def _tokens(grant: Grant) -> list[TokenLine]:
    now = database_now()
    tokens = RunToken.objects.filter(grant=grant).select_related("made_by").order_by("-pk")
    return [
        TokenLine(
            reference=token.reference,
            made_by=who(token.made_by) or "the command line",
            made_at=token.made_at,
            expires_at=token.expires_at,
            last_used_at=token.last_used_at,
            ended_at=token.ended_at,
            standing=_token_standing(token, grant, now=now),
        )
        for token in tokens[:LISTED_MAX]
    ]


def _token_standing(token: RunToken, grant: Grant, *, now: datetime) -> TokenStanding:
    if token.end_reason:
        return TokenStanding(token.end_reason)
    if grant.ended_at is not None:
        return TokenStanding.ENDED
    return TokenStanding.EXPIRED if token.expires_at <= now else TokenStanding.OPEN


def not_as_usual() -> list[Standing]:
    """Return the projects and runs that are stopped, held or slowed down. Two statements."""
    projects = ProjectSettings.objects.filter(_UNUSUAL).order_by("pk")[:LISTED_MAX]
    runs = Grant.objects.filter(_UNUSUAL, ended_at=None).order_by("-pk")[:LISTED_MAX]
    return [
        *(_bare(Scope.PROJECT, project.project_ref, project) for project in projects),
        *(_bare(Scope.RUN, grant.run_ref, grant) for grant in runs),
    ]


_UNUSUAL: Final = (
    ~Q(posture=Posture.NORMAL.value) | Q(stopped_at__isnull=False) | Q(held_at__isnull=False)
)


def _bare(scope: Scope, ref: str, row: Stoppable) -> Standing:
    return Standing(
        scope=scope,
        ref=ref,
        posture=Posture(row.posture),
        stopped_at=row.stopped_at,
        held_at=row.held_at,
        stop_ref="",
    )


def stops_that_stand() -> list[StopLine]:
    """Return the stops that nobody has released, newest first. One statement."""
    stops = Stop.objects.filter(released_at=None).select_related("stopped_by", "released_by")
    return [_stop_line(stop) for stop in stops.order_by("-pk")[:LISTED_MAX]]


def stop_by_reference(reference: str) -> StopLine | None:
    """Return a stop, or None. One statement."""
    stops = Stop.objects.select_related("stopped_by", "released_by")
    return next((_stop_line(stop) for stop in stops.filter(reference=reference)), None)


def _stop_line(stop: Stop) -> StopLine:
    return StopLine(
        reference=stop.reference,
        scope=Scope(stop.scope),
        ref=stop.ref,
        stopped_by=who(stop.stopped_by) or "the command line",
        stopped_at=stop.stopped_at,
        reason=stop.reason,
        tokens_ended=stop.tokens_ended,
        released_by=who(stop.released_by),
        released_at=stop.released_at,
        release_reason=stop.release_reason,
    )


def incidents_page(*, cursor: Cursor, is_open: bool | None = None) -> Page[IncidentLine]:
    """Return one page of incidents, newest first; None means any. One statement."""
    rows = Incident.objects.select_related("opened_by", "closed_by")
    if is_open is not None:
        rows = rows.filter(closed_at__isnull=is_open)
    return page_of(rows, cursor=cursor, limit=ROWS_PER_PAGE).map(_incident_line)


def incidents_of(scope: Scope, ref: str) -> list[IncidentLine]:
    """Return the incidents of one scope, newest first. One statement."""
    rows = Incident.objects.select_related("opened_by", "closed_by").filter(scope=scope, ref=ref)
    return [_incident_line(row) for row in rows.order_by("-pk")[:LISTED_MAX]]


def incident_by_reference(reference: str) -> IncidentLine | None:
    """Return an incident, or None. One statement."""
    rows = Incident.objects.select_related("opened_by", "closed_by")
    return next((_incident_line(row) for row in rows.filter(reference=reference)), None)


def _incident_line(incident: Incident) -> IncidentLine:
    return IncidentLine(
        reference=incident.reference,
        kind=IncidentKind(incident.kind),
        scope=Scope(incident.scope),
        ref=incident.ref,
        about_ref=incident.about_ref,
        opened_by=who(incident.opened_by) or "Trinity",
        opened_at=incident.opened_at,
        reason=incident.reason,
        closed_by=who(incident.closed_by),
        closed_at=incident.closed_at,
        close_reason=incident.close_reason,
    )


def changes_page(*, cursor: Cursor, scope: str = "", ref: str = "") -> Page[ChangeLine]:
    """Return one page of the history of safety settings, newest first. One statement."""
    changes = SafetyChange.objects.select_related("changed_by", "cap")
    if scope:
        changes = changes.filter(scope=scope, ref=ref)
    return page_of(changes, cursor=cursor, limit=ROWS_PER_PAGE).map(_change_line)


def _change_line(change: SafetyChange) -> ChangeLine:
    return ChangeLine(
        reference=change.reference,
        scope=Scope(change.scope),
        ref=change.ref,
        setting=Setting(change.setting),
        about=_about(change.cap) if change.cap else "",
        old=said(change, change.old_value),
        new=said(change, change.new_value),
        changed_by=who(change.changed_by) or "Trinity",
        changed_at=change.changed_at,
        reason=change.reason,
    )


def _about(cap: SpendCap) -> str:
    return (
        f"{Family(cap.family).label}, {CapWindow(cap.time_window).label.lower()}, {cap.mode}"
        f" ({CapScope(cap.scope).label.lower()})"
    )


def who(user: User | None) -> str:
    """Return what to call somebody of the team; nothing for nobody."""
    return (user.get_full_name() or user.email) if user else ""
