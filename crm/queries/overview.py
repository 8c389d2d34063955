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

DEALS_COUNTED_MAX: Final = 10_000  # per mode and stage; more is said as "more than"
LEADS_COUNTED_MAX: Final = 100

# A reference begins with the time it was made at, so its index finds where the window begins;
# each pair of mode and stage is then one range of (mode, stage, -id).
_FUNNEL: Final = f"""
WITH window_start AS (
  SELECT id FROM crm_deal WHERE reference >= %(since_ref)s ORDER BY reference LIMIT 1)
SELECT pair.mode, pair.stage, found.deals
FROM (SELECT mode, stage FROM unnest(%(modes)s::text[]) mode,
  unnest(%(stages)s::text[]) stage) pair,
  LATERAL (SELECT count(*) AS deals FROM (
    SELECT 1 FROM crm_deal deal
    WHERE deal.mode = pair.mode AND deal.stage = pair.stage
      AND deal.id >= (SELECT id FROM window_start)
    LIMIT {DEALS_COUNTED_MAX}) bounded) found
WHERE found.deals > 0
UNION ALL
SELECT '', '', count(*) FROM (
  SELECT 1 FROM crm_deal
  WHERE stage = '{DealStage.LEAD}' AND mode = ANY(%(modes)s) AND mode <> '{Mode.SAMPLE}'
  LIMIT {LEADS_COUNTED_MAX}) waiting
"""  # noqa: S608  # words and numbers of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class StageCount:
    """How many deals of one mode stand at one stage, up to DEALS_COUNTED_MAX."""

    mode: Mode
    stage: DealStage
    deals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DealsOverview:
    """Where the deals of a window stand, and how many leads wait for an answer, however old."""

    stages: Sequence[StageCount]
    leads_waiting: int  # up to LEADS_COUNTED_MAX; sample data waits for nobody


def deals_overview(*, since: datetime) -> DealsOverview:
    """Return where the deals stand that were made since ``since``. One statement."""
    at_ms = round(since.timestamp() * 1000)
    begins = new_reference("deal", at_ms=at_ms)[: len("deal_") + TIME_CHARS]
    words: dict[str, Any] = {
        "since_ref": begins,
        "modes": list(Mode.values),
        "stages": list(DealStage.values),
    }
    with connection.cursor() as cursor:
        cursor.execute(_FUNNEL, words)
        *stages, (_, _, leads_waiting) = cursor.fetchall()
    return DealsOverview(
        stages=[
            StageCount(mode=Mode(mode), stage=DealStage(stage), deals=deals)
            for mode, stage, deals in stages
        ],
        leads_waiting=leads_waiting,
    )
