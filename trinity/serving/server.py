"""Starts the processes that serve: a parent that holds the socket, and workers that answer."""

from __future__ import annotations

import resource
from typing import Final

import uvicorn

WORKERS: Final = 2
BACKLOG: Final = 2048
STOP_S: Final = 2
# A worker that does not say for so long that it lives is ended, and started anew.
SILENT_S: Final = 30


def serve(application: str, *, host: str, port: int, has_lifespan: bool) -> None:
    """Answer on ``host`` and ``port`` until SIGTERM. ``application`` is imported by the workers.

    ``has_lifespan``: it opens something before its first request, and closes it after the last.
    """
    _allow_files()
    uvicorn.run(
        application,
        host=host,
        port=port,
        workers=WORKERS,
        http="trinity.serving.connections:Connection",
        loop="uvloop",
        ws="none",
        lifespan="on" if has_lifespan else "off",
        backlog=BACKLOG,
        proxy_headers=False,  # who is believed, TRUSTED_PROXY_COUNT says
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=STOP_S,
        timeout_worker_healthcheck=SILENT_S,
    )


def _allow_files() -> None:
    """Let the workers, which inherit it, have as many sockets open as the system grants."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
