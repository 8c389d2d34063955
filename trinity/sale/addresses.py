"""An address of this machine's for one sale's buyer, as buyers have their own elsewhere."""

from __future__ import annotations

import secrets
import socket
from urllib.parse import urlsplit


def own_address(*, base_url: str) -> str | None:
    """Return a random loopback address, or None where the pages or the machine know no such one.

    The limits per address then count this sale for itself. Linux answers to all of 127.0.0.0/8;
    from outside nobody can come from there.
    """
    host = urlsplit(base_url).hostname or ""
    if not host.endswith("localhost") and not host.startswith("127."):
        return None
    address = ".".join(["127", *(str(1 + secrets.randbelow(253)) for _ in range(3))])
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return None
    return address
