"""One process per container: no supervisor, somebody else restarts it."""

import os
from collections.abc import Callable, Mapping
from typing import Final, NoReturn
from urllib.parse import urlsplit

from trinity.stack import commands, secrets
from trinity.stack.answers import answers
from trinity.stack.home import ROOT, Home

ALL_ADDRESSES: Final = "0.0.0.0"  # noqa: S104  # a container's own network
PORTS: Final = {"web": "8000", "doors": "8003", "mcp": "8001"}
PORT_NAMES: Final = {"web": "PORT", "doors": "DOORS_PORT", "mcp": "MCP_PORT"}
PROCESSES: Final[dict[str, Callable[[Mapping[str, str]], tuple[str, ...]]]] = {
    "web": lambda env: commands.web(host=ALL_ADDRESSES, port=env.get("PORT") or PORTS["web"]),
    "doors": lambda env: commands.doors(
        host=ALL_ADDRESSES, port=env.get("DOORS_PORT") or PORTS["doors"]
    ),
    "mcp": lambda env: commands.mcp(host=ALL_ADDRESSES, port=env.get("MCP_PORT") or PORTS["mcp"]),
    "worker": lambda _env: commands.worker(),
    "worker-tools": lambda _env: commands.tools_worker(),
    "beat": lambda env: commands.beat(home=str(Home.of(env).path)),
    "prepare": lambda _env: commands.prepare(),
}


def become(name: str, env: Mapping[str, str]) -> NoReturn:
    """Replace this process by ``name``, with the secrets that it needs."""
    argv = PROCESSES[name](env)
    os.chdir(ROOT)
    os.execve(argv[0], argv, secrets.for_process(name, env))  # noqa: S606  # a program of ours, no shell wanted


def probe(name: str, env: Mapping[str, str]) -> int:
    """Return 0 when ``name``, which is one of PORTS, answers by its public name, else 1."""
    host = urlsplit(env.get("BASE_URL", "")).netloc or None
    port = env.get(PORT_NAMES[name]) or PORTS[name]
    return 0 if answers(f"http://127.0.0.1:{port}/healthz", host=host) else 1
