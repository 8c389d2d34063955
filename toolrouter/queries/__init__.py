"""What other apps may ask about grants, caps, stops and calls. Nothing here writes."""

from toolrouter.queries.actions import ActionLine, actions_of_run
from toolrouter.queries.call_pages import (
    CallDetail,
    CallRow,
    call_by_reference,
    calls_of_run,
    calls_of_trace,
    calls_page,
    editable_words,
)
from toolrouter.queries.calls import calls_made
from toolrouter.queries.capabilities import list_capabilities
from toolrouter.queries.credentials import Credential, credential_of
from toolrouter.queries.purchases import (
    PurchaseRow,
    purchases_of_run,
    purchases_of_trace,
    trace_of_purchase,
)
from toolrouter.queries.readiness import ReadinessNow, readiness_of
from toolrouter.queries.safety import (
    GrantFacts,
    GrantNotFound,
    Safety,
    grant_of_run,
    has_caps,
    is_known_to_a_run,
    runs_with_grant,
    safety_of,
)
from toolrouter.queries.seats import SeatPass, SeatRow, seat_of, seats_now
from toolrouter.queries.work_done import WorkDone, runs_with_open_calls, work_done

__all__ = [
    "ActionLine",
    "CallDetail",
    "CallRow",
    "Credential",
    "GrantFacts",
    "GrantNotFound",
    "PurchaseRow",
    "ReadinessNow",
    "Safety",
    "SeatPass",
    "SeatRow",
    "WorkDone",
    "actions_of_run",
    "call_by_reference",
    "calls_made",
    "calls_of_run",
    "calls_of_trace",
    "calls_page",
    "credential_of",
    "editable_words",
    "grant_of_run",
    "has_caps",
    "is_known_to_a_run",
    "list_capabilities",
    "purchases_of_run",
    "purchases_of_trace",
    "readiness_of",
    "runs_with_grant",
    "runs_with_open_calls",
    "safety_of",
    "seat_of",
    "seats_now",
    "trace_of_purchase",
    "work_done",
]
