"""Putting the sandbox together: one store, one loop, one ASGI app, and the vendors in it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.background import run_background
from sandbox.control.routes import control_routes
from sandbox.errors import Refused
from sandbox.model.vendor import MODEL_STAND_IN
from sandbox.pages import STYLE, page
from sandbox.server import serve
from sandbox.settings import Settings
from sandbox.state import State
from sandbox.store import Store
from sandbox.stripe.vendor import STRIPE
from sandbox.vendor import Vendor, merged
from sandbox.web.vendor import WEB
from sandbox.webhooks import WebhookSender

log = logging.getLogger("sandbox")

# The model first: what else begins with /v1/, Stripe answers.
VENDORS: Final = (MODEL_STAND_IN, STRIPE, WEB)


def build(state: State, sender: WebhookSender, vendors: Sequence[Vendor]) -> Starlette:
    """The ASGI app. Only loopback names are answered, so no web page can rebind its way in.

    A vendor's own hosts (``*.example``) are names that nobody can have.
    """
    hosts = ["127.0.0.1", "localhost", *(host for vendor in vendors for host in vendor.hosts)]
    return Starlette(
        routes=[
            *(route for vendor in vendors for route in vendor.sites(state)),
            Route("/", _home),
            Route("/_sandbox/health", _health),
            Route("/_sandbox/sandbox.css", _style),
            Route("/favicon.ico", _no_icon),
            *(route for vendor in vendors for route in vendor.routes(state, sender)),
            *control_routes(state, sender, vendors),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=hosts)],
        exception_handlers={404: _not_found, Refused: _refused, 500: _broken(vendors)},
    )


def _open(settings: Settings, vendors: Sequence[Vendor]) -> State:
    """The store with every vendor's tables in it, and each vendor ready."""
    store = Store(
        settings.database,
        schema="".join(vendor.schema for vendor in vendors),
        indexed_fields=[name for vendor in vendors for name in vendor.indexed_fields],
    )
    state = State(settings=settings, store=store)
    with store.transaction():
        for vendor in vendors:
            vendor.prepare(state.context())
    return state


async def run(settings: Settings, vendors: Sequence[Vendor] = VENDORS) -> None:
    """Serve until told to stop; whatever was queued is found again at the next start."""
    state = _open(settings, vendors)
    sender = WebhookSender(state, merged(vendor.webhooks for vendor in vendors))
    jobs = merged(vendor.jobs for vendor in vendors)
    background = asyncio.create_task(run_background(state, jobs=jobs, workers=[sender.start_due]))
    print(f"sandbox: listening on {settings.base_url}", flush=True)
    serving = asyncio.create_task(serve(build(state, sender, vendors), port=settings.port))
    try:
        await asyncio.wait({background, serving}, return_when=asyncio.FIRST_COMPLETED)
        for task in (background, serving):
            if task.done():
                task.result()
    finally:
        background.cancel()
        await asyncio.gather(background, return_exceptions=True)
        await sender.close()
        state.store.close()


async def _home(_: Request) -> Response:
    return RedirectResponse("/_sandbox/")


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "ok", "mode": "sandbox"})


async def _style(_: Request) -> Response:
    return Response(STYLE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


async def _no_icon(_: Request) -> Response:
    """Every browser asks; a 404 would stand on its console."""
    return Response(status_code=204)


async def _refused(_: Request, error: Exception) -> Response:
    return page("refused.html", status=400, reason=str(error))


def _broken(vendors: Sequence[Vendor]) -> Callable[[Request, Exception], Awaitable[Response]]:
    """A bug of ours: written down here, said plainly there."""

    async def answer(request: Request, error: Exception) -> Response:
        log.error("%s %s broke", request.method, request.url.path, exc_info=error)
        for vendor in vendors:
            if vendor.api_path and request.url.path.startswith(vendor.api_path):
                return JSONResponse(vendor.api_broken, 500)
        return page("broken.html", status=500)

    return answer


async def _not_found(_: Request, __: Exception) -> Response:
    return page("missing.html", status=404)
