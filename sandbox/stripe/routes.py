"""All that this stand-in answers: the API, the buyer's pages and the test doors."""

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.stripe import (
    account,
    balance,
    disputes,
    endpoints,
    events,
    links,
    payments,
    prices,
    products,
    refunds,
    sessions,
)
from sandbox.stripe.api import door
from sandbox.stripe.control import control_routes
from sandbox.stripe.delivery import Postman
from sandbox.stripe.drills import drill_routes
from sandbox.stripe.hosted import hosted_routes
from sandbox.stripe.problems import unknown_url
from sandbox.world import World

ENDPOINTS: Final = (
    *account.ENDPOINTS,
    *products.ENDPOINTS,
    *prices.ENDPOINTS,
    *sessions.ENDPOINTS,
    *links.ENDPOINTS,
    *payments.ENDPOINTS,
    *refunds.ENDPOINTS,
    *disputes.ENDPOINTS,
    *balance.ENDPOINTS,
    *events.ENDPOINTS,
    *endpoints.ENDPOINTS,
)


def stripe_routes(world: World, postman: Postman) -> list[BaseRoute]:
    """Routes in the order they are tried."""
    busy_keys: set[str] = set()
    api = [
        Route(each.path, door(world, each, busy_keys), methods=[each.method]) for each in ENDPOINTS
    ]
    return [
        *api,
        Route("/v1/{rest:path}", _unknown, methods=["GET", "POST", "DELETE"]),
        *hosted_routes(world, postman),
        *drill_routes(world, postman),
        *control_routes(world),
    ]


async def _unknown(request: Request) -> Response:
    problem = unknown_url(request.method, request.url.path)
    return JSONResponse(problem.body(), problem.status)
