"""Where agents stand still, as ``kernel.waiting_list`` asks it: an owner lets them go on."""

from __future__ import annotations

from typing import Final

from django.conf import settings

from kernel.waiting_list import COUNTED_MAX, Statement, WaitingKind

# ``detail`` says where somebody stopped them, and of an incident of what kind it is.
_STOPS: Final = f"""
SELECT '', own.reference, own.scope, %s, NULL::bigint, '', own.stopped_at, NULL::timestamptz, ''
 FROM toolrouter_stop own WHERE own.released_at IS NULL ORDER BY own.id DESC LIMIT {COUNTED_MAX}
"""  # noqa: S608  # a number of ours
_INCIDENTS: Final = f"""
SELECT '', own.reference, own.kind, %s, NULL::bigint, '', own.opened_at, NULL::timestamptz, ''
 FROM toolrouter_incident own WHERE own.closed_at IS NULL ORDER BY own.id DESC LIMIT {COUNTED_MAX}
"""  # noqa: S608  # a number of ours


def _stops() -> Statement:
    return _STOPS, (settings.DEPLOYMENT_MODE,)


def _incidents() -> Statement:
    return _INCIDENTS, (settings.DEPLOYMENT_MODE,)


WAITING: Final = (
    WaitingKind(id="incident", select=_incidents),
    WaitingKind(id="stop", select=_stops),
)
