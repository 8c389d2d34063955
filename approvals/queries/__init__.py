"""What others may ask about approvals. Nothing here writes."""

from approvals.queries.requests import (
    DecisionLine,
    RequestLine,
    RequestPage,
    against_approving,
    is_known,
    missed_by,
    request_page,
    requests_page,
    waiting_for,
)
from approvals.queries.using import (
    approvers_of,
    asked_again_as,
    open_request_of,
    people_asked,
    people_who_may,
    reason_for_the_agent,
    reason_told_about,
    subject_asked_again,
    usable_now,
)
from approvals.queries.versions import GoneRequest, requests_of_gone_versions

__all__ = [
    "DecisionLine",
    "GoneRequest",
    "RequestLine",
    "RequestPage",
    "against_approving",
    "approvers_of",
    "asked_again_as",
    "is_known",
    "missed_by",
    "open_request_of",
    "people_asked",
    "people_who_may",
    "reason_for_the_agent",
    "reason_told_about",
    "request_page",
    "requests_of_gone_versions",
    "requests_page",
    "subject_asked_again",
    "usable_now",
    "waiting_for",
]
