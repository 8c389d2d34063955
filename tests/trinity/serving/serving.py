"""The real server, as a process of its own, and raw sockets to speak to it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.db import connection

from trinity.stack.home import ROOT
from trinity.stack.ports import Ports

READY_S_MAX = 60.0
PATIENCE_S = 40.0


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs, and the environment that it was given."""

    port: int
    process: subprocess.Popen[bytes]
    env: Mapping[str, str]
    log: Path
    opened: list[socket.socket] = field(default_factory=list)

    def connect(self) -> socket.socket:
        """Open a connection; it is closed when the server is."""
        made = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)
        self.opened.append(made)
        return made

    def ask(self, request: bytes) -> bytes:
        """Send ``request`` over a connection of its own; return all that comes until its end."""
        with self.connect() as made:
            made.sendall(request)
            return everything(made)

    def get(self, path: str, *, headers: bytes = b"") -> tuple[int, bytes]:
        """Return status and body for a GET."""
        head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n".encode()
        return split(self.ask(head + headers + b"\r\n"))


def everything(made: socket.socket) -> bytes:
    """Return what comes until the other side closes."""
    parts = []
    try:
        while part := made.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def split(answer: bytes) -> tuple[int, bytes]:
    """Return status and body of a whole answer; 0 where there was none."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return (int(head.split()[1]) if head else 0), body


def closed_after_s(made: socket.socket) -> float:
    """Wait until the other side closes; return how long that took from now, in seconds."""
    began = time.monotonic()
    everything(made)
    return time.monotonic() - began


@contextmanager
def served(what: str, *, folder: Path, env: Mapping[str, str] | None = None) -> Iterator[Served]:
    """Run ``python -m trinity.serving`` on the test's database until the end of the block."""
    port = Ports.free().web
    environment = {**os.environ, "DATABASE_URL": database_url(), "PORT": str(port), **(env or {})}
    environment["PYTHONFAULTHANDLER"] = "1"  # for ``where_it_stands``
    log = folder / f"{what}.log"
    with log.open("wb") as words:
        process = subprocess.Popen(
            [sys.executable, "-m", "trinity.serving", what, "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=words,
            stderr=words,
            process_group=0,
        )
    running = Served(port, process, environment, log)
    try:
        wait_for(running)
        yield running
    finally:
        for each in running.opened:
            each.close()
        process.terminate()
        process.wait(timeout=20)


def wait_for(running: Served) -> None:
    """Wait until it answers; fail with all that it wrote, and where each thread of it stands."""
    deadline, said = time.monotonic() + READY_S_MAX, ""
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{running.port}/healthz", timeout=10):
                return
        except OSError as error:
            said = repr(error)
        assert running.process.poll() is None, said + running.log.read_text()
        assert time.monotonic() < deadline, said + where_it_stands(running)
        time.sleep(0.1)


def where_it_stands(running: Served) -> str:
    """End the workers, each of which writes down what its threads do; return the whole log."""
    pid = running.process.pid
    for worker in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        os.kill(int(worker), signal.SIGABRT)
    time.sleep(2)
    return running.log.read_text()


def database_url() -> str:
    """The address of the database that this test process works on."""
    name = str(connection.settings_dict["NAME"])
    base, _, options = os.environ["DATABASE_URL"].partition("?")
    return f"{base.rpartition('/')[0]}/{name}" + (f"?{options}" if options else "")
