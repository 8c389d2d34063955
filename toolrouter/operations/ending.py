"""What ends with a stop, or with the run itself: what waits for people, and what may be done."""

from __future__ import annotations

from datetime import datetime

from approvals.enums import Why
from approvals.operations import close_for
from toolrouter.enums import Scope
from toolrouter.models import ToolCall
from toolrouter.models.calls import WAITING
from toolrouter.operations.grants import end_grant
from toolrouter.operations.locking import lock_settings
from toolrouter.operations.seats import close_seats_of
from toolrouter.operations.settling import deny
from toolrouter.queries.left import of_scope
from toolrouter.vocabulary import Code


def end_work(run_ref: str, *, now: datetime) -> None:
    """End what a run may do, for good; what waits for people in it is denied in this commit.

    What was handed over or is being asked for meanwhile comes to its own end.
    """
    lock_settings(Scope.RUN, run_ref)
    close_seats_of(of_scope(Scope.RUN, run_ref), now=now)
    close_waiting(Scope.RUN, run_ref, now=now)
    end_grant(run_ref, now=now)


def close_waiting(scope: Scope, ref: str, *, now: datetime) -> None:
    """Close the requests, and then deny their calls. Nobody claims one meanwhile.

    The caller holds the settings of the scope.
    """
    waiting = ToolCall.objects.filter(state__in=WAITING, **of_scope(scope, ref)).order_by("pk")
    for known in waiting:
        close_for(known.reference, why=Why.STOPPED, now=now)
        call = ToolCall.objects.select_for_update(no_key=True).get(pk=known.pk)
        if call.state in WAITING:
            deny(call, [Code.STOPPED], now=now)
