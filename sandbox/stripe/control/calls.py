"""Stripe's own calls of test control, beside the dashboard's actions."""

from typing import Final

from sandbox.stripe.control.events import add_endpoint, emit, list_endpoints, list_events
from sandbox.stripe.control.pay import pay_session
from sandbox.vendor import ControlCall

CALLS: Final = (
    ControlCall(method="POST", name="pay", answer=pay_session),
    ControlCall(method="POST", name="emit", answer=emit),
    ControlCall(method="GET", name="events", answer=list_events),
    ControlCall(method="GET", name="endpoints", answer=list_endpoints),
    ControlCall(method="POST", name="endpoints", answer=add_endpoint),
)
