"""What others may ask about approvals. Nothing here writes."""

from approvals.queries.requests import (
    DecisionLine,
    RequestLine,
    RequestPage,
    request_page,
    requests_page,
    waiting_count,
    waiting_for,
)
from approvals.queries.using import (
    people_asked,
    people_who_may,
    reason_for_the_agent,
    usable_now,
)
from approvals.queries.versions import GoneRequest, requests_of_gone_versions

__all__ = [
    "DecisionLine",
    "GoneRequest",
    "RequestLine",
    "RequestPage",
    "people_asked",
    "people_who_may",
    "reason_for_the_agent",
    "request_page",
    "requests_of_gone_versions",
    "requests_page",
    "usable_now",
    "waiting_count",
    "waiting_for",
]
