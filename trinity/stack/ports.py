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
DOORS_AFTER_WEB: Final = 3  # DOORS_PORT, where unset, is PORT and so many, or the next free one


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """One port for each process that opens to people or programs outside the stack."""

    web: int
    doors: int
    mcp: int
    sandbox: int
    hermes: int = 8004

    @classmethod
    def of(cls, env: Mapping[str, str]) -> "Ports":
        """Read PORT, DOORS_PORT, MCP_PORT, SANDBOX_PORT and HERMES_PORT.

        Raises StackError for what is not a port, or named twice.
        """
        web, mcp, sandbox = (_number(env, name, DEFAULTS[name]) for name in DEFAULTS)
        if env.get("DOORS_PORT"):
            doors = _number(env, "DOORS_PORT", 0)
        else:
            doors = _next_free(web + DOORS_AFTER_WEB, but_not={web, mcp, sandbox})
        if len({web, doors, mcp, sandbox}) < len(DEFAULTS) + 1:
            raise StackError(
                "PORT, DOORS_PORT, MCP_PORT and SANDBOX_PORT must be four different numbers."
            )
        taken = {web, doors, mcp, sandbox}
        if env.get("HERMES_PORT"):
            hermes = _number(env, "HERMES_PORT", 0)
        else:
            hermes = _next_free(doors + 1, but_not=taken)
        if hermes in taken:
            raise StackError("HERMES_PORT must be another number than the other ports.")
        return cls(web=web, doors=doors, mcp=mcp, sandbox=sandbox, hermes=hermes)

    @classmethod
    def free(cls) -> "Ports":
        """Return ports that nobody listens on right now, and that no connection is given."""
        by_chance = SystemRandom().sample(UNLENT, len(UNLENT))
        web, doors, mcp, sandbox, hermes = islice(filter(_is_free, by_chance), len(DEFAULTS) + 2)
        return cls(web=web, doors=doors, mcp=mcp, sandbox=sandbox, hermes=hermes)

    def as_env(self) -> dict[str, str]:
        """Return the environment that names these ports."""
        return {
            "PORT": str(self.web),
            "DOORS_PORT": str(self.doors),
            "MCP_PORT": str(self.mcp),
            "SANDBOX_PORT": str(self.sandbox),
            "HERMES_PORT": str(self.hermes),
        }

    def require_free(self, *, names: tuple[str, ...]) -> None:
        """Raise StackError when somebody listens on one of the ``names`` (PORT, …)."""
        for name, number in self.as_env().items():
            if name in names and not _is_free(int(number)):
                raise StackError(
                    f"Port {number} is in use by another program; stop that program, or choose "
                    f"another port with {name}={int(number) + 10}."
                )


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not text.isdecimal() or not 0 < int(text) < 2**16:
        raise StackError(f"{name} is {text!r}, which is not a port; give a number below 65536.")
    return int(text)


def _next_free(number: int, *, but_not: set[int]) -> int:
    """Return the first port from ``number`` on that nobody listens on. Raises StackError."""
    free = (n for n in range(number, 2**16) if n not in but_not and _is_free(n))
    found = next(free, None)
    if found is None:
        raise StackError(f"No port above {number} is free; choose one with DOORS_PORT.")
    return found


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
