"""Test doors under ``/_sandbox``: what a person does on pages, done by a program in JSON."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import BadFault, add_fault, clear_faults, fault_from, faults
from sandbox.stripe.api import bearer_key, is_our_key
from sandbox.stripe.deeds import DEEDS, Deed
from sandbox.stripe.delivery import Postman
from sandbox.stripe.drill_events import add_endpoint, emit_anything, endpoints, told_events
from sandbox.stripe.drill_pay import drill_pay
from sandbox.stripe.params import Params
from sandbox.stripe.problems import Problem
from sandbox.stripe.views import as_seen
from sandbox.world import World

Given = dict[str, Any]
Drill = Callable[[Given], Awaitable[object]]
QUIET_CHECK_S: Final = 0.02
QUIET_TIMEOUT_S: Final = 10.0


def drill_routes(world: World, postman: Postman) -> list[Route]:
    """Every drill takes and gives JSON and needs the API key."""

    async def pay(given: Given) -> object:
        return await drill_pay(world, postman, given)

    async def wait(given: Given) -> object:
        return await _wait_until_quiet(world, float(given.get("timeout_s", QUIET_TIMEOUT_S)))

    async def put_fault(given: Given) -> object:
        return {"id": add_fault(world.store, fault_from(given))}

    async def list_faults(_: Given) -> object:
        return {"data": faults(world.store)}

    async def drop_faults(given: Given) -> object:
        clear_faults(world.store, given.get("id"))
        return {"data": faults(world.store)}

    def deed(do: Deed) -> Drill:
        async def done(given: Given) -> object:
            return _do(world, do, given)

        return done

    def now(ask: Callable[[World, Given], object]) -> Drill:
        async def done(given: Given) -> object:
            return ask(world, given)

        return done

    drills: list[tuple[str, str, Drill]] = [
        ("POST", "pay", pay),
        ("POST", "wait", wait),
        ("POST", "faults", put_fault),
        ("GET", "faults", list_faults),
        ("DELETE", "faults", drop_faults),
        ("POST", "emit", now(emit_anything)),
        ("GET", "events", now(told_events)),
        ("GET", "endpoints", now(endpoints)),
        ("POST", "endpoints", now(add_endpoint)),
        *(("POST", name, deed(do)) for name, do in DEEDS.items()),
    ]
    return [_route(world, method, f"/_sandbox/{name}", drill) for method, name, drill in drills]


def as_tree(value: object) -> Any:
    """JSON as the parameter reader takes it: all leaves are text, lists are numbered."""
    if isinstance(value, dict):
        return {str(key): as_tree(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return {str(at): as_tree(item) for at, item in enumerate(value)}
    return str(value).lower() if isinstance(value, bool) else str(value)


def _do(world: World, do: Deed, given: Given) -> object:
    params = Params(as_tree(given))
    moment = world.moment()
    with world.store.transaction():
        found = do(moment, params)
        params.refuse_unknown()
        if found["object"] == "list":
            return {**found, "data": [as_seen(moment, each) for each in found["data"]]}
        return as_seen(moment, found)


async def _wait_until_quiet(world: World, timeout_s: float) -> object:
    """Come back when every webhook is delivered or given up, or when the time is over."""
    deadline_s = world.moment().now_s + timeout_s
    while True:
        row = world.store.row("SELECT count(*) AS n FROM deliveries WHERE state = 'pending'")
        pending = int(row["n"]) if row is not None else 0
        if pending == 0 or world.moment().now_s >= deadline_s:
            return {"pending_deliveries": pending, "is_quiet": pending == 0}
        await asyncio.sleep(QUIET_CHECK_S)


def _route(world: World, method: str, path: str, drill: Drill) -> Route:
    async def answer(request: Request) -> Response:
        if not is_our_key(world, bearer_key(request)):
            return JSONResponse({"error": "the sandbox's API key is needed"}, 401)
        raw = await request.body()
        try:
            given = json.loads(raw) if raw else dict(request.query_params)
            if not isinstance(given, dict):
                raise BadFault("a JSON object is needed")
            found = await drill(given)
        except Problem as problem:
            return JSONResponse({"error": str(problem)}, problem.status)
        except (BadFault, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)
        except LookupError as error:
            return JSONResponse({"error": f"not found: {error}"}, 404)
        world.wake()
        return JSONResponse(found)

    return Route(path, answer, methods=[method])
