"""What ``mcp`` serves: an agent's calls, by the Model Context Protocol, and nothing else."""

from __future__ import annotations

import os
from typing import Final

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trinity.settings")
django.setup()

from django.conf import settings

from toolrouter.mcp.calls import Calls
from toolrouter.mcp.server import make_server
from toolrouter.mcp.threads import Threads
from trinity.hosts import is_for_us, is_from_elsewhere
from trinity.mcp_endpoint import PATH, McpEndpoint, sessions_of
from trinity.serving.requests import Receive, Refused, Scope, Send, answer, judged
from trinity.version import version

HEALTH: Final = b'{"status": "ok"}'
WAITING_MAX: Final = 64  # calls for a thread; one more is told to come again

_calls = Calls(Threads(settings.MCP_THREADS))
_sessions = sessions_of(make_server(_calls, version=version()))
_endpoint = McpEndpoint(
    _sessions, find=_calls.credential, inside_max=settings.MCP_THREADS + WAITING_MAX
)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request, or hold the SDK's sessions open for as long as the process serves."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
    else:
        await _take(scope, receive, send)


@judged
async def _take(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] == "/healthz" and scope["method"] in {"GET", "HEAD"}:
        await answer(send, 200, body=HEALTH, headers=[(b"content-type", b"application/json")])
    elif not is_for_us(scope):
        raise Refused(421)
    elif is_from_elsewhere(scope):
        raise Refused(403)
    elif scope["path"] == PATH:
        await _endpoint.take(scope, receive, send)
    else:
        raise Refused(404)


async def _live(receive: Receive, send: Send) -> None:
    await receive()  # lifespan.startup
    async with _sessions.run():
        await send({"type": "lifespan.startup.complete"})
        await receive()  # lifespan.shutdown
    await send({"type": "lifespan.shutdown.complete"})
