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

__all__ = [
    "DecisionLine",
    "RequestLine",
    "RequestPage",
    "request_page",
    "requests_page",
    "waiting_count",
    "waiting_for",
]
