"""Whom a run token lets in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from toolrouter.enums import TokenStanding
from toolrouter.models import Grant
from toolrouter.planning import token_sha256
from toolrouter.vocabulary import RunKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """One run, as its token names it. Unless it is ``open`` everything is refused in words."""

    token_id: int
    token_ref: str
    grant_id: int
    grant_ref: str
    run_ref: str
    run_code: str
    kind: RunKind
    project_ref: str
    mode: str
    trace_ref: str
    standing: TokenStanding
    last_used_at: datetime | None
    now: datetime  # the database's clock, by which the standing holds

    @property
    def is_open(self) -> bool:
        """Say whether it lets anybody act at all."""
        return self.standing == TokenStanding.OPEN


def credential_of_run(grant_id: int, *, token_ref: str, now: datetime) -> Credential:
    """Return what a person's button asks with in a run's place: open, whatever its tokens are.

    Whether the run may still do anything, the policy asks of its grant. One statement.
    """
    held = Grant.objects.get(pk=grant_id)
    return Credential(
        token_id=0,
        token_ref=token_ref,
        grant_id=held.pk,
        grant_ref=held.reference,
        run_ref=held.run_ref,
        run_code=held.run_code,
        kind=RunKind(held.kind),
        project_ref=held.project_ref,
        mode=held.mode,
        trace_ref=held.trace_ref,
        standing=TokenStanding.OPEN,
        last_used_at=None,
        now=now,
    )


_FIND: Final = """
SELECT token.id, token.reference, held.id, held.reference, held.run_ref, held.run_code,
  held.kind, held.project_ref, held.mode, held.trace_ref,
  CASE WHEN token.end_reason <> '' THEN token.end_reason
    WHEN held.ended_at IS NOT NULL THEN 'ended'
    WHEN least(token.expires_at, held.expires_at) <= statement_timestamp() THEN 'expired'
    WHEN coalesce(account.stopped_at, project.stopped_at, held.stopped_at) IS NOT NULL
      THEN 'stopped'
    ELSE 'open' END,
  token.last_used_at, statement_timestamp()
FROM toolrouter_runtoken token
JOIN toolrouter_grant held ON held.id = token.grant_id
JOIN toolrouter_projectsettings project ON project.project_ref = held.project_ref
CROSS JOIN toolrouter_safetysettings account
WHERE token.token_sha256 = %s
"""


def credential_of(token: str) -> Credential | None:
    """Return the credential that ``token`` is, by the database's clock; None where nobody has it.

    One statement. Doors call ``usecases.authenticate``, which also notes the use.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [token_sha256(token)])
        row = cursor.fetchone()
    if row is None:
        return None
    token_id, token_ref, grant_id, grant_ref, run_ref, run_code, kind, *rest = row
    project_ref, mode, trace_ref, standing, last_used_at, now = rest
    return Credential(
        token_id=token_id,
        token_ref=token_ref,
        grant_id=grant_id,
        grant_ref=grant_ref,
        run_ref=run_ref,
        run_code=run_code,
        kind=RunKind(kind),
        project_ref=project_ref,
        mode=mode,
        trace_ref=trace_ref,
        standing=TokenStanding(standing),
        last_used_at=last_used_at,
        now=now,
    )
