"""Test control: what people do on pages, done by a program in JSON under ``/_sandbox/``."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.authorization import is_same_key, offered_key
from sandbox.errors import Refused
from sandbox.faults import BadFault, add_fault, clear_faults, fault_from, faults
from sandbox.state import State
from sandbox.vendor import Action, Arguments, ControlCall
from sandbox.webhooks import WebhookSender, pending_deliveries

QUIET_CHECK_S: Final = 0.02
QUIET_TIMEOUT_S: Final = 10.0


def call_routes(
    state: State,
    sender: WebhookSender,
    actions: Mapping[str, Action],
    calls: Sequence[ControlCall],
) -> list[Route]:
    """Every call takes and gives JSON and needs the API key. Raises LookupError for doubles."""
    every = [
        *COMMON,
        *calls,
        *(_call_of(name, action) for name, action in actions.items()),
    ]
    names = [(call.method, call.name) for call in every]
    if doubles := {name for name in names if names.count(name) > 1}:
        raise LookupError(f"two control calls of one name: {sorted(doubles)}")
    return [_route(state, sender, call) for call in every]


async def _wait_until_quiet(state: State, _: WebhookSender, given: Arguments) -> object:
    """Come back when every webhook is delivered or given up, or when the time is over."""
    deadline_s = time.monotonic() + float(given.get("timeout_s", QUIET_TIMEOUT_S))
    while (pending := pending_deliveries(state.store)) and time.monotonic() < deadline_s:
        await asyncio.sleep(QUIET_CHECK_S)
    return {"pending_deliveries": pending, "is_quiet": pending == 0}


async def _add_fault(state: State, _: WebhookSender, given: Arguments) -> object:
    return {"id": add_fault(state.store, fault_from(given))}


async def _list_faults(state: State, _: WebhookSender, __: Arguments) -> object:
    return {"data": faults(state.store)}


async def _clear_faults(state: State, _: WebhookSender, given: Arguments) -> object:
    clear_faults(state.store, given.get("id"))
    return {"data": faults(state.store)}


COMMON: Final = (
    ControlCall(method="POST", name="wait", answer=_wait_until_quiet),
    ControlCall(method="POST", name="faults", answer=_add_fault),
    ControlCall(method="GET", name="faults", answer=_list_faults),
    ControlCall(method="DELETE", name="faults", answer=_clear_faults),
)


def _call_of(name: str, action: Action) -> ControlCall:
    async def answer(state: State, _: WebhookSender, given: Arguments) -> object:
        with state.store.transaction():
            return action.run(state.context(), given)

    return ControlCall(method="POST", name=name, answer=answer)


def _route(state: State, sender: WebhookSender, call: ControlCall) -> Route:
    async def answer(request: Request) -> Response:
        if not is_same_key(offered_key(request), state.settings.control_key):
            return JSONResponse({"error": "the sandbox's API key is needed"}, 401)
        raw = await request.body()
        try:
            given = json.loads(raw) if raw else dict(request.query_params)
            if not isinstance(given, dict):
                raise BadFault("a JSON object is needed")
            result = await call.answer(state, sender, given)
        except Refused as error:
            return JSONResponse({"error": str(error)}, error.status)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        except LookupError as error:
            return JSONResponse({"error": f"not found: {error}"}, 404)
        state.wake()
        return JSONResponse(result)

    return Route(f"/_sandbox/{call.name}", answer, methods=[call.method])
