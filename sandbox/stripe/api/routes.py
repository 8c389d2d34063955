"""Every endpoint of the API."""

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.state import State
from sandbox.stripe.api.handler import request_handler
from sandbox.stripe.api.resources import (
    account,
    balance,
    checkout_sessions,
    disputes,
    events,
    payment_links,
    payments,
    prices,
    products,
    refunds,
    webhook_endpoints,
)
from sandbox.stripe.shapes.errors import unknown_url

ENDPOINTS: Final = (
    *account.ENDPOINTS,
    *products.ENDPOINTS,
    *prices.ENDPOINTS,
    *checkout_sessions.ENDPOINTS,
    *payment_links.ENDPOINTS,
    *payments.ENDPOINTS,
    *refunds.ENDPOINTS,
    *disputes.ENDPOINTS,
    *balance.ENDPOINTS,
    *events.ENDPOINTS,
    *webhook_endpoints.ENDPOINTS,
)


def api_routes(state: State) -> list[Route]:
    """Routes in the order they are tried."""
    busy_keys: set[str] = set()
    return [
        *(
            Route(each.path, request_handler(state, each, busy_keys), methods=[each.method])
            for each in ENDPOINTS
        ),
        Route("/v1/{rest:path}", _unknown, methods=["GET", "POST", "DELETE"]),
    ]


async def _unknown(request: Request) -> Response:
    error = unknown_url(request.method, request.url.path)
    return JSONResponse(error.body(), error.status)
