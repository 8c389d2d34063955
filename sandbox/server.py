"""Serving one ASGI app from this very process, and cutting a connection on purpose."""

import asyncio
import os
import signal
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

STOP_GRACE_S: Final = 1.0


class _Server(uvicorn.Server):
    """A server that leaves signals to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing: ``serve`` listens."""
        yield


async def serve(app: ASGIApp, *, port: int) -> None:
    """Answer on 127.0.0.1 until SIGTERM or SIGINT.

    Answers under way then have a second; those that hang (some are asked to) are left hanging.
    """
    server = _Server(
        uvicorn.Config(
            app,
            host="127.0.0.1",
            port=port,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
        )
    )
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stopping.set)
    serving = asyncio.create_task(server.serve())
    stop = asyncio.create_task(stopping.wait())
    await asyncio.wait({serving, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if serving.done():
        serving.result()  # It ended by itself: say why.
        return
    server.should_exit = True
    await asyncio.wait({serving}, timeout=STOP_GRACE_S)
    serving.cancel()


def sever(client: tuple[str, int | str]) -> bool:
    """Shut the socket whose far end is ``client``, so that it sees a cut line and no answer.

    ASGI has no word for this. The server runs inside this process, so its sockets are among our
    own file descriptors.
    """
    peer = (client[0], int(client[1]))
    for descriptor in os.listdir("/dev/fd"):
        try:
            # Sockets only: to close a duplicate of the store's file would let go of its locks.
            if not stat.S_ISSOCK(os.fstat(int(descriptor)).st_mode):
                continue
            duplicate = os.dup(int(descriptor))
        except OSError:
            continue  # The descriptor of the listing itself, or one closed meanwhile.
        if _shut_if_peer(duplicate, peer):
            return True
    return False


def _shut_if_peer(descriptor: int, peer: tuple[str, int]) -> bool:
    try:
        connection = socket.socket(fileno=descriptor)
    except OSError:
        os.close(descriptor)
        return False
    with connection:
        try:
            is_peer = connection.getpeername()[:2] == peer
        except (OSError, ValueError):
            return False
        if is_peer:
            connection.shutdown(socket.SHUT_RDWR)
        return bool(is_peer)
