"""Putting the sandbox together: one store, one loop, one ASGI app."""

import asyncio
import logging

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.clockwork import run_clockwork
from sandbox.pages import STYLE, page
from sandbox.server import serve
from sandbox.settings import Settings
from sandbox.store import Store
from sandbox.stripe.delivery import Postman
from sandbox.stripe.endpoints import ensure_default_endpoint
from sandbox.stripe.jobs import JOBS
from sandbox.stripe.routes import stripe_routes
from sandbox.world import Refused, World

log = logging.getLogger("sandbox")


def build(world: World, postman: Postman) -> Starlette:
    """The ASGI app. Only loopback names are answered, so no web page can rebind its way in."""
    return Starlette(
        routes=[
            Route("/", _home),
            Route("/_sandbox/health", _health),
            Route("/_sandbox/sandbox.css", _style),
            Route("/favicon.ico", _no_icon),
            *stripe_routes(world, postman),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
        exception_handlers={404: _not_found, Refused: _refused, 500: _broken},
    )


async def run(settings: Settings) -> None:
    """Serve until told to stop; whatever was queued is found again at the next start."""
    store = Store(settings.database)
    world = World(settings=settings, store=store)
    with store.transaction():
        ensure_default_endpoint(world.moment())
    postman = Postman(world)
    clockwork = asyncio.create_task(run_clockwork(world, jobs=JOBS, workers=[postman.start_due]))
    print(f"sandbox: listening on {settings.base_url}", flush=True)
    serving = asyncio.create_task(serve(build(world, postman), port=settings.port))
    try:
        await asyncio.wait({clockwork, serving}, return_when=asyncio.FIRST_COMPLETED)
        for task in (clockwork, serving):
            if task.done():
                task.result()
    finally:
        clockwork.cancel()
        await asyncio.gather(clockwork, return_exceptions=True)
        await postman.close()
        store.close()


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


async def _broken(request: Request, error: Exception) -> Response:
    """A bug of ours: written down here, said plainly there."""
    log.error("%s %s broke", request.method, request.url.path, exc_info=error)
    if request.url.path.startswith("/v1/"):
        return JSONResponse({"error": {"type": "api_error", "message": "The sandbox broke."}}, 500)
    return page("broken.html", status=500)


async def _not_found(_: Request, __: Exception) -> Response:
    return page("missing.html", status=404)
