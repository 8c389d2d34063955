"""Valkeys of a test's own, with the options that it asks for."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trinity.stack.valkey import _server


@contextmanager
def running_valkey(folder: Path, *options: str, stdin: str = "") -> Iterator[Path]:
    """Run one that listens on a socket in ``folder`` until the end; return the socket."""
    socket = folder / "valkey.sock"
    process = subprocess.Popen(
        [
            *(_server(), *(["-"] if stdin else []), "--port", "0", "--unixsocket", str(socket)),
            *("--unixsocketperm", "700", "--dir", str(folder), "--save", "", *options),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdin
        process.stdin.write(stdin)
        process.stdin.close()
        until_s = time.monotonic() + 30
        while not socket.exists():
            assert time.monotonic() < until_s, "valkey does not start"
            time.sleep(0.02)
        yield socket
    finally:
        process.terminate()
        process.wait(10)
