"""Stripe, as the sandbox knows it: what it answers, does by itself, and lets be done."""

from collections.abc import Sequence
from typing import Final

from starlette.routing import BaseRoute

from sandbox.state import State
from sandbox.stripe.api.idempotency import SCHEMA
from sandbox.stripe.api.lists import INDEXED_FIELDS
from sandbox.stripe.api.routes import api_routes
from sandbox.stripe.behaviour.jobs import JOBS
from sandbox.stripe.behaviour.webhooks import ensure_default_endpoint, signed_request
from sandbox.stripe.control.calls import CALLS
from sandbox.stripe.control.dashboard_actions import ACTIONS
from sandbox.stripe.control.tabs import TABS
from sandbox.stripe.pages.checkout import page_routes
from sandbox.vendor import Vendor
from sandbox.webhooks import WebhookSender


def _routes(state: State, sender: WebhookSender) -> Sequence[BaseRoute]:
    return [*api_routes(state), *page_routes(state, sender)]


STRIPE: Final = Vendor(
    routes=_routes,
    api_path="/v1/",
    api_broken={"error": {"type": "api_error", "message": "The sandbox broke."}},
    schema=SCHEMA,
    indexed_fields=INDEXED_FIELDS,
    prepare=ensure_default_endpoint,
    jobs=JOBS,
    webhooks={"webhook_endpoint": signed_request},
    actions=ACTIONS,
    calls=CALLS,
    tabs=TABS,
)
