"""How far requests came, by mode: for the dashboard. Nothing here counts further than it says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from crm.enums import FUNNEL_KINDS, ActivityKind, DealStage
from kernel.modes import Mode
from kernel.references import TIME_CHARS, new_reference

DEALS_COUNTED_MAX: Final = 10_000  # the newest; more is said as "of the newest"
LEADS_COUNTED_MAX: Final = 100


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


# Leads are ordered as the index by mode and stage has them: by id alone, Postgres would walk
# through all deals to find that a mode has no lead.
# A reference begins with the time it was made at, so its index gives the newest deals first. What
# happened to them says the timeline, which never takes a step back, whatever their stage is now; it
# is asked about one deal at a time, so that what a big table holds beside them is not read.
_FUNNEL: Final = f"""
WITH newest AS MATERIALIZED (
  SELECT id, mode, stage FROM crm_deal WHERE reference >= %(since_ref)s
  ORDER BY reference DESC LIMIT {DEALS_COUNTED_MAX}),
history AS (
  SELECT newest.mode, newest.stage, steps.*
  FROM newest CROSS JOIN LATERAL (
    SELECT bool_or(line.kind = '{ActivityKind.SNAPSHOT_REQUESTED}') AS asked,
      bool_or(line.kind = '{ActivityKind.LEAD_ACCEPTED}') AS accepted,
      bool_or(line.kind IN ('{ActivityKind.CHECKOUT_PREPARED}', '{ActivityKind.LINK_PREPARED}'))
        AS sent,
      bool_or(line.kind = '{ActivityKind.PAYMENT_RECEIVED}') AS paid
    FROM crm_activity line
    WHERE line.deal_id = newest.id AND line.kind IN ({_quoted(FUNNEL_KINDS)})) steps)
SELECT 'requests', mode, count(*), NULL::timestamptz,
  count(*) FILTER (WHERE accepted OR sent OR paid), count(*) FILTER (WHERE sent OR paid),
  count(*) FILTER (WHERE paid), count(*) FILTER (WHERE stage = '{DealStage.LOST}')
FROM history WHERE asked GROUP BY mode
UNION ALL
SELECT 'counted', '', count(*), NULL, 0, 0, 0, 0 FROM newest
UNION ALL
SELECT 'leads', apart.mode, count(*), min(waiting.created_at), 0, 0, 0, 0
FROM unnest(%(modes)s::text[]) apart (mode), LATERAL (
  SELECT created_at FROM crm_deal
  WHERE mode = apart.mode AND stage BETWEEN '{DealStage.LEAD}' AND '{DealStage.LEAD}'
  ORDER BY stage DESC, id LIMIT {LEADS_COUNTED_MAX}) waiting
GROUP BY apart.mode
"""  # noqa: S608  # words and numbers of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFunnel:
    """How far the requests of one mode came, each number at least so far."""

    mode: Mode
    asked: int
    accepted: int
    sent: int  # a checkout or a payment link
    paid: int
    lost: int  # that stand as lost now, however far they came


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingLeads:
    """How many leads of one mode wait, up to LEADS_COUNTED_MAX, and since when."""

    mode: Mode
    count: int
    oldest_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DealsOverview:
    """How far the requests of a window came, and how many leads wait, however old."""

    requests: Sequence[RequestFunnel]
    leads: Sequence[WaitingLeads]  # by mode; sample data waits for nobody
    is_cut_off: bool  # the window holds more deals than were counted


def deals_overview(*, since: datetime) -> DealsOverview:
    """Return how far the requests came that were made since ``since``. One statement."""
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
        requests=[
            RequestFunnel(
                mode=Mode(mode), asked=asked, accepted=accepted, sent=sent, paid=paid, lost=lost
            )
            for part, mode, asked, _at, accepted, sent, paid, lost in rows
            if part == "requests"
        ],
        leads=[
            WaitingLeads(mode=Mode(mode), count=count, oldest_at=oldest_at)
            for part, mode, count, oldest_at, *_ in rows
            if part == "leads"
        ],
        is_cut_off=any(
            part == "counted" and count >= DEALS_COUNTED_MAX for part, _mode, count, *_ in rows
        ),
    )
