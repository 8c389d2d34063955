"""A connection to the addresses that were judged, and to no other, within one deadline for all."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

import httpcore

CONNECT_S_MAX: Final = 3.0
READ_S_MAX: Final = 4.0  # between two bytes


class Deadline:
    """So many seconds for everything together."""

    def __init__(self, lasts_s: float) -> None:
        self._ends_at = time.monotonic() + lasts_s

    def left(self, at_most: float) -> float:
        """Return how long to wait now. Raises httpcore.ReadTimeout where it is over."""
        left_s = self._ends_at - time.monotonic()
        if left_s <= 0:
            raise httpcore.ReadTimeout("the time is over")
        return min(left_s, at_most)


class PinnedBackend(httpcore.NetworkBackend):
    """Opens connections to given addresses, whatever name is asked for."""

    def __init__(self, addresses: Sequence[str], port: int, deadline: Deadline) -> None:
        self._addresses, self._port, self._deadline = addresses, port, deadline
        self._below = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002  # judged and resolved before
        port: int,  # noqa: ARG002  # likewise
        timeout: float | None = None,  # noqa: ARG002  # the deadline holds
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address that takes it. Raises ConnectError, ConnectTimeout."""
        failed: Exception = httpcore.ConnectError("no address")
        for address in self._addresses:
            try:
                stream = self._below.connect_tcp(
                    address,
                    self._port,
                    timeout=self._deadline.left(CONNECT_S_MAX),
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _TimedStream(stream, self._deadline)
        raise failed

    def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.NetworkStream:
        """Refuse."""
        raise httpcore.ConnectError("not on the web")

    def sleep(self, seconds: float) -> None:
        """Refuse: nothing is tried again here."""
        raise NotImplementedError(seconds)


class _TimedStream(httpcore.NetworkStream):
    """A connection that ends at the deadline, however slowly its bytes drip."""

    def __init__(self, below: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._below, self._deadline = below, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002  # ours
        """Read what is there."""
        return self._below.read(max_bytes, timeout=self._deadline.left(READ_S_MAX))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002  # ours
        """Write all of it."""
        self._below.write(buffer, timeout=self._deadline.left(READ_S_MAX))

    def close(self) -> None:
        """Close it."""
        self._below.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002  # the deadline holds
    ) -> httpcore.NetworkStream:
        """Speak TLS with whoever proves to be ``server_hostname``."""
        encrypted = self._below.start_tls(
            ssl_context, server_hostname, timeout=self._deadline.left(CONNECT_S_MAX)
        )
        return _TimedStream(encrypted, self._deadline)

    def get_extra_info(self, info: str) -> object:
        """Return what is known of it."""
        return self._below.get_extra_info(info)
