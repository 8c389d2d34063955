"""One API request: key, version, idempotency, faults, then the endpoint in one transaction."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from sandbox.authorization import is_same_key, offered_key
from sandbox.fault_injection import cut_before_work, delay_work, fault_for, hang_after_work
from sandbox.faults import Fault
from sandbox.state import RequestContext, State
from sandbox.stripe.api.call import Call, Endpoint
from sandbox.stripe.api.expand import expand
from sandbox.stripe.api.forms import Tree, decode
from sandbox.stripe.api.idempotency import check_key, in_use, keep_answer, kept_answer
from sandbox.stripe.api.params import Params
from sandbox.stripe.shapes.cards import GENERIC_DECLINE
from sandbox.stripe.shapes.errors import ApiError, unauthorized
from sandbox.stripe.shapes.ids import new_id
from sandbox.stripe.shapes.version import API_VERSION

BODY_BYTES_MAX: Final = 1_000_000
VERSION_FORM: Final = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Status, JSON body, and whether it was given before."""

    status: int
    body: bytes
    is_replay: bool = False
    first_request_id: str | None = None


def request_handler(
    state: State, endpoint: Endpoint, busy_keys: set[str]
) -> Callable[[Request], Awaitable[Response]]:
    """What answers one endpoint. ``busy_keys``: idempotency keys of requests under way."""

    async def handle(request: Request) -> Response:
        request_id = new_id("request", now=state.context().now)
        fault = fault_for(state.store, request)
        if cut_before_work(fault, request):
            return Response(status_code=444)  # The line is cut already; nobody reads this.
        raw = await request.body()
        answer = await _checked(state, endpoint, busy_keys, request, raw, request_id, fault)
        state.wake()
        await hang_after_work(fault, request)
        return _response(answer, request, request_id)

    return handle


async def _checked(
    state: State,
    endpoint: Endpoint,
    busy_keys: set[str],
    request: Request,
    raw: bytes,
    request_id: str,
    fault: Fault | None,
) -> Answer:
    key = request.headers.get("idempotency-key") if request.method == "POST" else None
    context = state.context(request_id=request_id, idempotency_key=key)
    try:
        offered = offered_key(request)
        if not is_same_key(offered, state.settings.stripe_key):
            raise unauthorized(offered)
        _check_version(request)
        if len(raw) > BODY_BYTES_MAX:
            raise ApiError(413, "The request body is too large.")
        tree = decode(raw if request.method == "POST" else request.url.query.encode())
        if key is None:
            await delay_work(fault)
            return _work(context, endpoint, request, tree, fault)
        check_key(key)
        if key in busy_keys:
            raise in_use(key)
        busy_keys.add(key)
        try:
            await delay_work(fault)
            return _once(context, endpoint, request, tree, key, fault)
        finally:
            busy_keys.discard(key)
    except ApiError as error:
        return _as_answer(error)


def _once(
    context: RequestContext,
    endpoint: Endpoint,
    request: Request,
    tree: Tree,
    key: str,
    fault: Fault | None,
) -> Answer:
    path = request.url.path
    with context.store.transaction():
        kept = kept_answer(context, key=key, path=path, tree=tree)
        if kept is not None:
            return Answer(
                status=kept.status,
                body=kept.body,
                is_replay=True,
                first_request_id=kept.request_id,
            )
        try:
            answer = _work(context, endpoint, request, tree, fault)
        except ApiError as error:
            if not error.is_kept:
                raise
            answer = _as_answer(error)
        keep_answer(context, key=key, path=path, tree=tree, status=answer.status, body=answer.body)
        return answer


def _work(
    context: RequestContext, endpoint: Endpoint, request: Request, tree: Tree, fault: Fault | None
) -> Answer:
    if fault is not None and fault.status and fault.when == "before":
        raise _requested_error(fault)
    params = Params(tree)
    wanted = params.texts("expand")
    call = Call(context=context, params=params, path=request.path_params)
    with context.store.transaction():
        found = endpoint.handler(call)
        params.refuse_unknown()
        body = json.dumps(expand(context, found, wanted)).encode()
    if fault is not None and fault.status and fault.when == "after":
        raise _requested_error(fault)
    return Answer(status=200, body=body)


def _requested_error(fault: Fault) -> ApiError:
    """The error a fault asks for. Stripe keeps a 500 for its key; a 429 it does not."""
    status = fault.status or 500
    if status == 429:
        return ApiError(429, "Request rate limit exceeded.", code="rate_limit")
    if status == 402:
        return ApiError(
            402,
            GENERIC_DECLINE.message,
            kind="card_error",
            code=GENERIC_DECLINE.code,
            is_kept=True,
            decline_code=GENERIC_DECLINE.decline_code,
        )
    return ApiError(
        status,
        "An unknown error occurred (a fault that was asked for).",
        kind="api_error" if status >= 500 else "invalid_request_error",
        is_kept=status >= 500,
    )


def _check_version(request: Request) -> None:
    version = request.headers.get("stripe-version")
    if version is not None and not VERSION_FORM.fullmatch(version):
        raise ApiError(400, f"Invalid Stripe API version: {version}")


def _as_answer(error: ApiError) -> Answer:
    return Answer(status=error.status, body=json.dumps(error.body()).encode())


def _response(answer: Answer, request: Request, request_id: str) -> Response:
    headers = {
        "Request-Id": request_id,
        "Stripe-Version": request.headers.get("stripe-version", API_VERSION),
        "Cache-Control": "no-cache, no-store",
    }
    key = request.headers.get("idempotency-key")
    if key is not None and request.method == "POST" and len(key) < 256:
        headers["Idempotency-Key"] = key
        headers["Original-Request"] = answer.first_request_id or request_id
    if answer.is_replay:
        headers["Idempotent-Replayed"] = "true"
        headers["Stripe-Should-Retry"] = "false"
    return Response(answer.body, answer.status, headers, "application/json")
