"""How much of each cap is taken, from the rows of reservations and captures: one statement.

One statement sees one moment, so money that is settled meanwhile is counted once: as reserved, or
as captured. ``toolrouter.caps`` says the same in plain arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from toolrouter.caps import Scope, Window
from toolrouter.policy import CapFact

_OF_CAP: Final = """own.family = cap.family AND own.currency = cap.currency AND own.mode = cap.mode
  AND (cap.scope = 'account' OR cap.scope = 'project' AND own.project_ref = cap.ref
    OR cap.scope = 'run' AND own.run_ref = cap.ref)"""
# What may still be captured of a reservation; what was captured in another currency is none of it.
_STILL_RESERVED: Final = """greatest(0, own.ceiling_minor - coalesce((
    SELECT sum(taken.amount_minor) FROM toolrouter_capture taken
    WHERE taken.reservation_id = own.id AND taken.currency = own.currency), 0))"""
_TAKEN: Final = f"""
CROSS JOIN LATERAL (
  SELECT coalesce(sum({_STILL_RESERVED}), 0)::bigint AS minor FROM toolrouter_reservation own
  WHERE own.state = 'open' AND own.call_id IS DISTINCT FROM %(except_call)s AND {_OF_CAP}) reserved
CROSS JOIN LATERAL (
  SELECT coalesce(sum(own.amount_minor), 0)::bigint AS minor FROM toolrouter_capture own
  WHERE {_OF_CAP} AND own.captured_at > CASE cap.time_window
    WHEN '24h' THEN %(now)s - interval '24 hours' WHEN '30d' THEN %(now)s - interval '720 hours'
    ELSE '-infinity' END) captured
"""  # noqa: S608  # constants only
_COUNTED: Final = f"""
SELECT cap.id, reserved.minor + captured.minor FROM toolrouter_spendcap cap {_TAKEN}
WHERE cap.id = ANY(%(caps)s)
"""  # noqa: S608  # constants only
_HOLDING: Final = """
cap.family = %(family)s AND cap.currency = %(currency)s AND cap.mode = %(mode)s
  AND (cap.scope = 'account' OR cap.scope = 'project' AND cap.ref = %(project_ref)s
    OR cap.scope = 'run' AND cap.ref = %(run_ref)s)
"""
_CAPS_ON: Final = f"""
SELECT cap.scope, cap.time_window, cap.limit_minor, reserved.minor + captured.minor
FROM toolrouter_spendcap cap {_TAKEN} WHERE {_HOLDING}
ORDER BY cap.scope, cap.time_window
"""  # noqa: S608  # constants only
_LOCK: Final = f"""
SELECT FROM toolrouter_spendcap cap WHERE {_HOLDING} ORDER BY cap.id FOR NO KEY UPDATE
"""  # constants only
_OF_RUN: Final = "own.run_ref = %(run_ref)s AND own.currency = %(currency)s AND own.mode = %(mode)s"
_COUNTED_OF_RUN: Final = f"""
SELECT (SELECT coalesce(sum({_STILL_RESERVED}), 0) FROM toolrouter_reservation own
    WHERE own.state = 'open' AND own.call_id IS DISTINCT FROM %(except_call)s AND {_OF_RUN})::bigint
  + (SELECT coalesce(sum(own.amount_minor), 0) FROM toolrouter_capture own WHERE {_OF_RUN})::bigint
"""  # noqa: S608  # constants only


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """Which caps hold a spend: those of its family, currency and mode, of account, project, run."""

    family: str
    currency: str
    mode: str
    project_ref: str
    run_ref: str


def lock_caps_on(spend: Spend) -> None:
    """Let nobody else reserve under these caps before COMMIT. One statement.

    Their order is that of their ids. What is taken of them is read afterwards, by a statement of
    its own: it sees what whoever held them before has committed.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, asdict(spend))


def caps_on(spend: Spend, *, now: datetime, except_call: int | None = None) -> list[CapFact]:
    """Return the caps that hold a spend, the account's first, with what is taken of each.

    The reservation of ``except_call`` is not counted. One statement.
    """
    values = asdict(spend) | {"now": now, "except_call": except_call}
    with connection.cursor() as cursor:
        cursor.execute(_CAPS_ON, values)
        return [
            CapFact(
                scope=Scope(scope), window=Window(window), limit_minor=limit, counted_minor=counted
            )
            for scope, window, limit, counted in cursor.fetchall()
        ]


def counted_minor(cap_ids: Iterable[int], *, now: datetime) -> Mapping[int, int]:
    """Return what is taken of each of these caps at ``now``. One statement.

    Reserved money counts at any age, captured money within the cap's window.
    """
    values: dict[str, Any] = {"caps": list(cap_ids), "now": now, "except_call": None}
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, values)
        return dict(cursor.fetchall())


def counted_of_run_minor(spend: Spend, *, except_call: int | None = None) -> int:
    """Return what its run has spent and reserved in all, of every family. One statement."""
    values = asdict(spend) | {"except_call": except_call}
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED_OF_RUN, values)
        [(counted,)] = cursor.fetchall()
    return int(counted)
