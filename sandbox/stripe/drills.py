"""Test doors under ``/_sandbox``: what a person does on pages, done by a program."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import BadFault, add_fault, clear_faults, fault_from, faults
from sandbox.stripe.api import bearer_key, is_our_key
from sandbox.stripe.cards import BY_NUMBER, digits
from sandbox.stripe.delivery import Postman
from sandbox.stripe.hosted import REDIRECT_WAITS_S
from sandbox.stripe.paying import Buyer, NotPayable, landing_url, pay
from sandbox.stripe.views import as_seen
from sandbox.world import World

Drill = Callable[[dict[str, Any]], Awaitable[object]]


class BadDrill(Exception):
    """The request makes no sense; the message says why."""


def drill_routes(world: World, postman: Postman) -> list[Route]:
    """Every drill takes and gives JSON and needs the API key."""

    async def pay_session(given: dict[str, Any]) -> object:
        card = BY_NUMBER.get(digits(str(given.get("card", "4242424242424242"))))
        if card is None:
            raise BadDrill("card is not one of the test numbers")
        buyer = Buyer(
            email=str(given.get("email", "buyer@example.com")),
            name=str(given.get("name", "Test Buyer")),
        )
        try:
            paid = pay(world.moment(), session_id=given["session"], card=card, buyer=buyer)
        except NotPayable as refusal:
            raise BadDrill(f"the session takes no payment: it is {refusal.reason}") from refusal
        world.wake()
        wait_s = float(given.get("wait_s", REDIRECT_WAITS_S))
        is_answered = False
        if paid.completed_event is not None and wait_s > 0:
            is_answered = await postman.wait_for_answer(paid.completed_event, timeout_s=wait_s)
        return {
            "session": as_seen(world.moment(), paid.session),
            "declined": None if paid.decline is None else paid.decline.code,
            "event": paid.completed_event,
            "webhook_answered": is_answered,
            "redirect_url": None if paid.decline is not None else landing_url(paid.session),
        }

    async def put_fault(given: dict[str, Any]) -> object:
        return {"id": add_fault(world.store, fault_from(given))}

    async def list_faults(_: dict[str, Any]) -> object:
        return {"data": faults(world.store)}

    async def drop_faults(given: dict[str, Any]) -> object:
        clear_faults(world.store, given.get("id"))
        return {"data": faults(world.store)}

    return [
        _route(world, "POST", "/_sandbox/pay", pay_session),
        _route(world, "POST", "/_sandbox/faults", put_fault),
        _route(world, "GET", "/_sandbox/faults", list_faults),
        _route(world, "DELETE", "/_sandbox/faults", drop_faults),
    ]


def _route(world: World, method: str, path: str, drill: Drill) -> Route:
    async def answer(request: Request) -> Response:
        if not is_our_key(world, bearer_key(request)):
            return JSONResponse({"error": "the sandbox's API key is needed"}, 401)
        raw = await request.body()
        try:
            given = json.loads(raw) if raw else dict(request.query_params)
            if not isinstance(given, dict):
                raise BadDrill("a JSON object is needed")
            found = await drill(given)
        except (BadDrill, BadFault, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)
        except LookupError as error:
            return JSONResponse({"error": f"not found: {error}"}, 404)
        world.wake()
        return JSONResponse(found)

    return Route(path, answer, methods=[method])
