"""The ports that a stack listens on."""

import errno
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from random import SystemRandom
from typing import Final

from trinity.stack.errors import StackError

LOOPBACKS: Final = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
# Below what systems give to outgoing connections: one of those may take a port before we do.
UNLENT: Final = range(20_000, 32_000)
DEFAULTS: Final = {"PORT": 8000, "MCP_PORT": 8001, "SANDBOX_PORT": 8002}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """One port per door that opens to people or programs outside the stack."""

    web: int
    mcp: int
    sandbox: int

    @classmethod
    def of(cls, env: Mapping[str, str]) -> "Ports":
        """Read PORT, MCP_PORT and SANDBOX_PORT. Raises StackError for what is not a port."""
        web, mcp, sandbox = (_number(env, name) for name in DEFAULTS)
        if len({web, mcp, sandbox}) < len(DEFAULTS):
            raise StackError("PORT, MCP_PORT and SANDBOX_PORT must be three different numbers.")
        return cls(web=web, mcp=mcp, sandbox=sandbox)

    @classmethod
    def free(cls) -> "Ports":
        """Return ports that nobody listens on right now, and that no connection is given."""
        by_chance = SystemRandom().sample(UNLENT, len(UNLENT))
        web, mcp, sandbox = islice(filter(_is_free, by_chance), len(DEFAULTS))
        return cls(web=web, mcp=mcp, sandbox=sandbox)

    def as_env(self) -> dict[str, str]:
        """Return the environment that names these ports."""
        return {
            "PORT": str(self.web),
            "MCP_PORT": str(self.mcp),
            "SANDBOX_PORT": str(self.sandbox),
        }

    def require_free(self, *, names: tuple[str, ...]) -> None:
        """Raise StackError when somebody listens on one of the ``names`` (PORT, …)."""
        for name, number in self.as_env().items():
            if name in names and not _is_free(int(number)):
                raise StackError(
                    f"Port {number} is in use by another program; stop that program, or choose "
                    f"another port with {name}={int(number) + 10}."
                )


def _number(env: Mapping[str, str], name: str) -> int:
    text = env.get(name) or str(DEFAULTS[name])
    if not text.isdecimal() or not 0 < int(text) < 2**16:
        raise StackError(f"{name} is {text!r}, which is not a port; give a number below 65536.")
    return int(text)


def _is_free(number: int) -> bool:
    """Ask both loopbacks: browsers try ::1 first when they read ``localhost``."""
    return all(_can_bind(family, host, number) for family, host in LOOPBACKS)


def _can_bind(family: socket.AddressFamily, host: str, number: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # Else a port counts as taken for a minute after the last stack closed.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, number))
    except PermissionError as error:
        raise StackError(
            f"Port {number} is reserved for root; choose a number above 1023."
        ) from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return False
        if family != socket.AF_INET6:  # A machine without IPv6 is fine, one without IPv4 is not.
            raise
    return True
