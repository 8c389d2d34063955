"""How people decide, by person and month: what shows whether anybody still reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db import connection

from kernel.modes import Mode

MONTHS: Final = 12
HASTE_S: Final = 3  # in less, nobody has read what they decide
# From when the person first saw the page; who never opened it decided at sight.
_FIGURES: Final = f"""
SELECT date_trunc('month', said.decided_at AT TIME ZONE 'UTC')::date, said.mode, said.email,
  count(*), count(*) FILTER (WHERE said.verdict = 'approve'),
  count(*) FILTER (WHERE said.decided_at - said.seen_at < interval '{HASTE_S} seconds'),
  percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM said.decided_at - said.opened_at)),
  percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM said.decided_at - said.seen_at))
FROM (
  SELECT decision.decided_at, decision.verdict, request.mode, request.opened_at, person.email,
    coalesce((SELECT min(step.asked_at) FROM approvals_stepup step
      WHERE step.request_id = decision.request_id AND step.person_id = decision.person_id),
      decision.decided_at) AS seen_at
  FROM approvals_decision decision
  JOIN approvals_approvalrequest request ON request.id = decision.request_id
  JOIN auth_user person ON person.id = decision.person_id
  WHERE decision.decided_at >= %s AND request.mode <> '{Mode.SAMPLE}') said
GROUP BY 1, 2, 3 ORDER BY 1 DESC, 2, 3
"""  # noqa: S608  # constants only


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One person's decisions in one month and environment."""

    month: date
    mode: str
    who: str
    decisions: int
    approved: int
    hasty: int
    since_asked: timedelta  # median
    since_seen: timedelta  # median

    @property
    def approved_share(self) -> str:
        """Say how many of them were approvals."""
        return f"{self.approved / self.decisions:.0%}"

    @property
    def hasty_share(self) -> str:
        """Say how many of them were decided at sight."""
        return f"{self.hasty / self.decisions:.0%}"


def decision_figures(*, now: datetime) -> Sequence[Figure]:
    """Return the figures of the last twelve months, the newest first. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, [first_month(now)])
        rows = cursor.fetchall()
    return [
        Figure(
            month=month,
            mode=mode,
            who=who,
            decisions=decisions,
            approved=approved,
            hasty=hasty,
            since_asked=timedelta(seconds=float(asked_s)),
            since_seen=timedelta(seconds=float(seen_s)),
        )
        for month, mode, who, decisions, approved, hasty, asked_s, seen_s in rows
    ]


def first_month(now: datetime) -> datetime:
    """Return where the oldest of the twelve months begins."""
    months = now.year * 12 + now.month - MONTHS
    return now.replace(
        year=months // 12, month=months % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0
    )
