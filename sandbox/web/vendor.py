"""The small web, as the sandbox knows it: sites by their hosts' names, and a search."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Host, Route, Router

from sandbox.state import State
from sandbox.vendor import Vendor
from sandbox.web.pages import answer_list, answer_shown, answer_site
from sandbox.web.search import search
from sandbox.webhooks import WebhookSender

STYLE: Final = (Path(__file__).parents[1] / "static" / "web.css").read_bytes()


async def _search(request: Request) -> Response:
    if request.query_params.get("format") != "json":
        return JSONResponse({"error": "format=json is the only one that this engine speaks"}, 403)
    return JSONResponse(search(request.query_params.get("q", "")[:1000]))


async def _style(_: Request) -> Response:
    return Response(STYLE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


def _routes(_: State, __: WebhookSender) -> Sequence[BaseRoute]:
    return [
        Route("/_small-web.css", _style),
        Route("/web/", answer_list),
        Route("/web/search", _search),
        Route("/web/{host}/{path:path}", answer_shown),
    ]


def _sites(_: State) -> Sequence[BaseRoute]:
    site = Router([Route("/_small-web.css", _style), Route("/{path:path}", answer_site)])
    return [Host("{host}.example", site)]


WEB: Final = Vendor(
    routes=_routes,
    hosts=("*.example",),
    sites=_sites,
    api_path="/web/search",
    api_broken={"error": "The sandbox broke."},
)
