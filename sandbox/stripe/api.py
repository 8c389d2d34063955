"""The door of the API: key, version, idempotency, faults, then one handler in one transaction."""

import asyncio
import json
import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from secrets import compare_digest
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from sandbox.faults import Fault, FaultTarget, draw_fault
from sandbox.server import sever
from sandbox.stripe.call import Call, Endpoint
from sandbox.stripe.cards import GENERIC_DECLINE
from sandbox.stripe.expand import expand
from sandbox.stripe.forms import Tree, decode
from sandbox.stripe.ids import new_id
from sandbox.stripe.keys import check_key, in_use, keep_answer, kept_answer
from sandbox.stripe.params import Params
from sandbox.stripe.problems import Problem, unauthorized
from sandbox.stripe.version import API_VERSION
from sandbox.world import Moment, World

BODY_BYTES_MAX: Final = 1_000_000
VERSION_FORM: Final = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")

Door = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Status, JSON body, and whether it was given before."""

    status: int
    body: bytes
    is_replay: bool = False
    first_request_id: str | None = None


def bearer_key(request: Request) -> str:
    """The API key from Bearer or Basic authorization; empty when there is none."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return b64decode(value).decode().partition(":")[0]
        except (NotBase64, UnicodeDecodeError):
            return ""
    return ""


def is_our_key(world: World, key: str) -> bool:
    """Whether ``key`` is the one this sandbox was started with."""
    return compare_digest(key.encode(), world.settings.stripe_key.encode())


def door(world: World, endpoint: Endpoint, busy_keys: set[str]) -> Door:
    """An ASGI endpoint for one line of the API."""

    async def answer(request: Request) -> Response:
        request_id = new_id("request", now=int(world.moment().now_s))
        fault = draw_fault(
            world.store, target=FaultTarget.API, method=request.method, path=request.url.path
        )
        if fault is not None and await _misbehave_before(fault, request):
            return Response(status_code=444)  # The line is cut already; nobody reads this.
        raw = await request.body()
        given = await _guarded(world, endpoint, busy_keys, request, raw, request_id, fault)
        world.wake()
        if fault is not None:
            await _misbehave_after(fault, request)
        return _response(given, request, request_id)

    return answer


async def _guarded(
    world: World,
    endpoint: Endpoint,
    busy_keys: set[str],
    request: Request,
    raw: bytes,
    request_id: str,
    fault: Fault | None,
) -> Answer:
    key = request.headers.get("idempotency-key") if request.method == "POST" else None
    moment = world.moment(request_id=request_id, idempotency_key=key)
    try:
        offered = bearer_key(request)
        if not is_our_key(world, offered):
            raise unauthorized(offered)
        _check_version(request)
        if len(raw) > BODY_BYTES_MAX:
            raise Problem(413, "The request body is too large.")
        tree = decode(raw if request.method == "POST" else request.url.query.encode())
        if key is None:
            return await _late(fault, lambda: _work(moment, endpoint, request, tree, fault))
        check_key(key)
        if key in busy_keys:
            raise in_use(key)
        busy_keys.add(key)
        try:
            return await _late(fault, lambda: _once(moment, endpoint, request, tree, key, fault))
        finally:
            busy_keys.discard(key)
    except Problem as problem:
        return _as_answer(problem)


async def _late(fault: Fault | None, work: Callable[[], Answer]) -> Answer:
    if fault is not None and fault.delay_ms:
        await asyncio.sleep(fault.delay_ms / 1_000)
    return work()


def _once(
    moment: Moment, endpoint: Endpoint, request: Request, tree: Tree, key: str, fault: Fault | None
) -> Answer:
    path = request.url.path
    with moment.store.transaction():
        kept = kept_answer(moment, key=key, path=path, tree=tree)
        if kept is not None:
            return Answer(
                status=kept.status,
                body=kept.body,
                is_replay=True,
                first_request_id=kept.request_id,
            )
        try:
            given = _work(moment, endpoint, request, tree, fault)
        except Problem as problem:
            if not problem.is_kept:
                raise
            given = _as_answer(problem)
        keep_answer(moment, key=key, path=path, tree=tree, status=given.status, body=given.body)
        return given


def _work(
    moment: Moment, endpoint: Endpoint, request: Request, tree: Tree, fault: Fault | None
) -> Answer:
    if fault is not None and fault.status and fault.when == "before":
        raise _planned(fault)
    params = Params(tree)
    wanted = params.texts("expand")
    call = Call(moment=moment, params=params, path=request.path_params)
    with moment.store.transaction():
        found = endpoint.handler(call)
        params.refuse_unknown()
        body = json.dumps(expand(moment, found, wanted)).encode()
    if fault is not None and fault.status and fault.when == "after":
        raise _planned(fault)
    return Answer(status=200, body=body)


def _planned(fault: Fault) -> Problem:
    """The error a fault asks for. Stripe keeps a 500 for its key; a 429 it does not."""
    status = fault.status or 500
    if status == 429:
        return Problem(429, "Request rate limit exceeded.", code="rate_limit")
    if status == 402:
        return Problem(
            402,
            GENERIC_DECLINE.message,
            kind="card_error",
            code=GENERIC_DECLINE.code,
            is_kept=True,
            decline_code=GENERIC_DECLINE.decline_code,
        )
    return Problem(
        status,
        "An unknown error occurred (a fault that was asked for).",
        kind="api_error" if status >= 500 else "invalid_request_error",
        is_kept=status >= 500,
    )


async def _misbehave_before(fault: Fault, request: Request) -> bool:
    if fault.effect != "drop" or request.client is None:
        return False
    return sever((request.client.host, request.client.port))


async def _misbehave_after(fault: Fault, request: Request) -> None:
    if fault.effect != "timeout_after_success" or request.client is None:
        return
    try:
        await asyncio.sleep(fault.hang_ms / 1_000)
    finally:  # Also when the process is told to stop meanwhile: there is never an answer.
        sever((request.client.host, request.client.port))


def _check_version(request: Request) -> None:
    version = request.headers.get("stripe-version")
    if version is not None and not VERSION_FORM.fullmatch(version):
        raise Problem(400, f"Invalid Stripe API version: {version}")


def _as_answer(problem: Problem) -> Answer:
    return Answer(status=problem.status, body=json.dumps(problem.body()).encode())


def _response(given: Answer, request: Request, request_id: str) -> Response:
    headers = {
        "Request-Id": request_id,
        "Stripe-Version": request.headers.get("stripe-version", API_VERSION),
        "Cache-Control": "no-cache, no-store",
    }
    key = request.headers.get("idempotency-key")
    if key is not None and request.method == "POST" and len(key) < 256:
        headers["Idempotency-Key"] = key
        headers["Original-Request"] = given.first_request_id or request_id
    if given.is_replay:
        headers["Idempotent-Replayed"] = "true"
        headers["Stripe-Should-Retry"] = "false"
    return Response(given.body, given.status, headers, "application/json")
