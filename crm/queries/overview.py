"""Where deals stand, by mode: for the dashboard. Nothing here counts further than it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from crm.enums import DealStage
from kernel.modes import Mode
from kernel.references import TIME_CHARS, new_reference

DEALS_COUNTED_MAX: Final = 40_000  # the newest; more is said as "of the newest"
LEADS_COUNTED_MAX: Final = 100

# A reference begins with the time it was made at, so its index gives the newest deals first.
_FUNNEL: Final = f"""
SELECT mode, stage, count(*), NULL::timestamptz FROM (
  SELECT mode, stage FROM crm_deal WHERE reference >= %(since_ref)s
  ORDER BY reference DESC LIMIT {DEALS_COUNTED_MAX}) newest
GROUP BY mode, stage
UNION ALL
SELECT apart.mode, '', count(*), min(waiting.created_at)
FROM unnest(%(modes)s::text[]) apart (mode), LATERAL (
  SELECT created_at FROM crm_deal WHERE mode = apart.mode AND stage = '{DealStage.LEAD}'
  ORDER BY id LIMIT {LEADS_COUNTED_MAX}) waiting
GROUP BY apart.mode
"""  # noqa: S608  # words and numbers of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class StageCount:
    """How many deals of one mode stand at one stage."""

    mode: Mode
    stage: DealStage
    deals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadsWaiting:
    """How many leads of one mode wait, up to LEADS_COUNTED_MAX, and since when."""

    mode: Mode
    count: int
    oldest_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DealsOverview:
    """Where the deals of a window stand, and how many leads wait for an answer, however old."""

    stages: Sequence[StageCount]
    leads: Sequence[LeadsWaiting]  # by mode; sample data waits for nobody

    @property
    def is_cut_off(self) -> bool:
        """Say whether the window holds more deals than were counted."""
        return sum(count.deals for count in self.stages) >= DEALS_COUNTED_MAX


def deals_overview(*, since: datetime) -> DealsOverview:
    """Return where the deals stand that were made since ``since``. One statement."""
    at_ms = round(since.timestamp() * 1000)
    begins = new_reference("deal", at_ms=at_ms)[: len("deal_") + TIME_CHARS]
    words: dict[str, Any] = {
        "since_ref": begins,
        "modes": [mode for mode in Mode.values if mode != Mode.SAMPLE],
    }
    with connection.cursor() as cursor:
        cursor.execute(_FUNNEL, words)
        rows = cursor.fetchall()
    return DealsOverview(
        stages=[
            StageCount(mode=Mode(mode), stage=DealStage(stage), deals=deals)
            for mode, stage, deals, _oldest_at in rows
            if stage
        ],
        leads=[
            LeadsWaiting(mode=Mode(mode), count=deals, oldest_at=oldest_at)
            for mode, stage, deals, oldest_at in rows
            if not stage
        ],
    )
