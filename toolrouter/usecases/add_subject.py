"""An owner lets a run know of another deal of its project."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from toolrouter.models import Grant
from toolrouter.operations.grants import add_subjects
from toolrouter.subjects import NotInProject, subjects_of_deal


@transaction.atomic(durable=True)
def add_subject(*, run_ref: str, deal_ref: str, actor_id: int, now: datetime) -> Sequence[str]:
    """Let a run know of a deal of its project, its contact and company; return what is new.

    Raises NotInProject, also for a run that has no grant.
    """
    grant = Grant.objects.filter(run_ref=run_ref).first()
    if grant is None:
        raise NotInProject(f"The run {run_ref} has no grant.")
    refs = subjects_of_deal(grant.project_ref, deal_ref, mode=grant.mode)
    return add_subjects(grant, refs, actor_id=actor_id, now=now)
