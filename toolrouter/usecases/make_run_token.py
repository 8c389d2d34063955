"""A run gets a token for its agent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from kernel.references import new_reference
from toolrouter.models import Grant, RunToken
from toolrouter.operations.changes import audit
from toolrouter.operations.grants import add_subjects
from toolrouter.planning import (
    TOKEN_LASTS_AT_MOST,
    new_token,
    token_expires_at,
    token_sha256,
)
from toolrouter.queries.safety import safety_of
from toolrouter.subjects import NotInProject, subjects_of_deal


class NoToken(Exception):
    """The run gets no token now; the sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeToken:
    """A token that was just made: the only time that anybody sees it."""

    token: str
    reference: str
    run_code: str
    expires_at: datetime


@transaction.atomic(durable=True)
def make_run_token(
    *,
    run_ref: str,
    actor_id: int | None,
    now: datetime,
    lasts: timedelta = TOKEN_LASTS_AT_MOST,
    deals: tuple[str, ...] = (),
) -> MadeToken:
    """Make a token for the run, valid for at most 8 hours and no longer than the run.

    ``deals`` of the run's own project are added to what it may know. Raises NoToken.
    """
    grant = Grant.objects.filter(run_ref=run_ref).first()
    if grant is None:
        raise NoToken("This run is sample data, so no agent can work in it.")
    subjects = _subjects_of(grant, deals)
    safety = safety_of(grant.pk, lock=True)
    if safety.stopped:
        raise NoToken("Agents are stopped here. An owner must release the stop first.")
    if safety.has_expired(now):
        raise NoToken("The run's deadline has passed.")
    if lasts < timedelta(minutes=1):
        raise NoToken("A token must last at least one minute.")
    add_subjects(grant, subjects, actor_id=actor_id, now=now)
    token = new_token()
    made = RunToken.objects.create(
        reference=new_reference("tok"),
        grant=grant,
        token_sha256=token_sha256(token),
        made_by_id=actor_id,
        made_at=now,
        expires_at=token_expires_at(now=now, lasts=lasts, grant_expires_at=grant.expires_at),
    )
    audit(
        "run_token.made",
        made.reference,
        refs=[grant.reference, grant.run_ref],
        facts={
            "expires_s": int(made.expires_at.timestamp()),
            "token_digest": made.token_sha256,
        },
        actor_id=actor_id,
        now=now,
    )
    return MadeToken(
        token=token,
        reference=made.reference,
        run_code=grant.run_code,
        expires_at=made.expires_at,
    )


def _subjects_of(grant: Grant, deals: Sequence[str]) -> list[str]:
    """Return what these deals consist of: locked before anything of ours. Raises NoToken."""
    try:
        return [
            ref
            for deal_ref in deals
            for ref in subjects_of_deal(grant.project_ref, deal_ref, mode=grant.mode)
        ]
    except NotInProject as error:
        raise NoToken(str(error)) from error
