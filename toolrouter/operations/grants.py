"""A project's settings and a run's grant: opened, funded, frozen and ended by their owners."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kernel.money import Money
from kernel.references import new_reference
from kernel.statements import insert_once, update_where
from toolrouter.enums import CapScope, CapWindow, Family, RunKind
from toolrouter.models import Grant, GrantSubject, ProjectSettings, SpendCap
from toolrouter.operations.changes import By, CapKey, audit, set_cap
from toolrouter.operations.locking import share_lock_project
from toolrouter.planning import new_codes

_SYSTEM = By(actor_id=None)


def open_project(project_ref: str, *, now: datetime) -> bool:
    """Make the settings of a project, once; say whether they are new. One statement."""
    return insert_once(ProjectSettings(project_ref=project_ref, opened_at=now))


def open_grant(
    *,
    run_ref: str,
    kind: RunKind,
    project_ref: str,
    mode: str,
    trace_ref: str,
    funded: Money,
    deadline: datetime,
    subjects: Sequence[str],
    now: datetime,
) -> str:
    """Let a run act until ``deadline``, about ``subjects``; return the code that it is called by.

    It begins with the project's cap for each run. Called once for each run, by whoever made it.
    """
    # A cap for each run that an owner changes meanwhile holds for this run or for the next one.
    share_lock_project(project_ref)
    grant = _insert(
        reference=new_reference("gra"),
        run_ref=run_ref,
        kind=kind,
        project_id=project_ref,
        mode=mode,
        trace_ref=trace_ref,
        funded_minor=funded.amount_minor,
        currency=funded.currency,
        opened_at=now,
        expires_at=deadline,
    )
    audit(
        "grant.opened",
        grant.reference,
        refs=[each for each in (run_ref, project_ref, trace_ref) if each],
        facts={
            "kind": kind,
            "mode": mode,
            "run_code": grant.run_code,
            "currency": grant.currency,
            "expires_s": int(deadline.timestamp()),
        },
        actor_id=None,
        now=now,
    )
    add_subjects(grant, subjects, actor_id=None, now=now)
    _copy_caps(grant, now=now)
    return grant.run_code


def _insert(**columns: object) -> Grant:
    """Insert a grant under the first code that no open run has."""
    for code in new_codes():
        grant = Grant(run_code=code, **columns)
        if insert_once(grant):
            return grant
    raise RuntimeError(f"no code is free for {columns['run_ref']}, or it has a grant")


def add_subjects(
    grant: Grant, refs: Sequence[str], *, actor_id: int | None, now: datetime
) -> list[str]:
    """Let a run know of these deals, contacts and companies; return those that it did not."""
    added = []
    for ref in dict.fromkeys(refs):
        subject = GrantSubject(
            reference=new_reference("gsu"),
            grant=grant,
            subject_ref=ref,
            added_by_id=actor_id,
            added_at=now,
        )
        if insert_once(subject):
            added.append(ref)
            audit(
                "grant.subject_added",
                subject.reference,
                refs=[grant.reference, ref],
                actor_id=actor_id,
                now=now,
            )
    return added


def _copy_caps(grant: Grant, *, now: datetime) -> None:
    """Give the run its project's caps for each run, as they are now."""
    for cap in SpendCap.objects.filter(
        scope=CapScope.EACH_RUN, ref=grant.project_ref, mode=grant.mode
    ).order_by("pk"):
        key = CapKey(
            scope=CapScope.RUN,
            ref=grant.run_ref,
            family=Family(cap.family),
            currency=cap.currency,
            mode=cap.mode,
            time_window=CapWindow(cap.time_window),
        )
        set_cap(key, limit=cap.limit, by=_SYSTEM, now=now)


def set_funded(run_ref: str, *, funded: Money) -> None:
    """Write what a run's order brought and still holds: absolute, so the last word is the truth."""
    update_where(
        Grant,
        where={"run_ref": run_ref, "currency": funded.currency},
        written={"funded_minor": funded.amount_minor},
    )


def freeze_grant(run_ref: str, *, now: datetime) -> None:
    """Let nothing of a run be proposed or executed until it is resumed. One statement.

    The first moment stays.
    """
    Grant.objects.filter(run_ref=run_ref, frozen_at=None).update(frozen_at=now)


def resume_grant(run_ref: str) -> None:
    """Let a frozen run go on. One statement."""
    update_where(Grant, where={"run_ref": run_ref}, written={"frozen_at": None})


def end_grant(run_ref: str, *, now: datetime) -> None:
    """End what a run may do, for good; its code is free again. Ended already: nothing changes."""
    if Grant.objects.filter(run_ref=run_ref, ended_at=None).update(ended_at=now):
        reference = Grant.objects.values_list("reference", flat=True).get(run_ref=run_ref)
        audit("grant.ended", reference, refs=[run_ref], actor_id=None, now=now)
