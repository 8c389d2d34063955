"""One GET after another along redirects, each judged anew; bounded in size, time and kind."""

from __future__ import annotations

import ssl
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin

import certifi
import httpcore

from fulfillment.adapters.web.addresses import SandboxWeb, Target, read_target
from fulfillment.adapters.web.connecting import Deadline, PinnedBackend
from fulfillment.ports_web import Fault, NotFound

BYTES_MAX: Final = 1024 * 1024
REDIRECTS_MAX: Final = 5
ALL_S_MAX: Final = 12.0
MOVED: Final = frozenset({301, 302, 303, 307, 308})
GZIP: Final = 16 + zlib.MAX_WBITS
_PASSING_STATUS: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back in the end: the first answer that is no redirect."""

    target: Target
    status: int
    content_type: str  # in lower case, without parameters
    charset: str
    body: bytes


class Fetcher:
    """GETs public addresses by the one who says its name in ``user_agent``."""

    def __init__(self, *, user_agent: str, sandbox_web: SandboxWeb | None = None) -> None:
        self._user_agent, self._sandbox_web = user_agent, sandbox_web
        self._tls = ssl.create_default_context(cafile=certifi.where())

    def target(self, url: str) -> Target:
        """Return what ``url`` leads to, if it may be read. Raises NotFound."""
        return read_target(url, sandbox_web=self._sandbox_web)

    def get(self, target: Target, *, deadline: Deadline, accepts: str = "*/*") -> Answer | str:
        """Ask once: the answer, or the address that a redirect names. Raises NotFound."""
        with self._asked(target, deadline=deadline, accepts=accepts) as response:
            headers = _headers(response)
            if response.status in MOVED:
                return _moved_to(target, headers.get("location", ""))
            body = _body(response, headers) if response.status == 200 else b""
        kind, _, parameters = headers.get("content-type", "").partition(";")
        return Answer(
            target=target,
            status=response.status,
            content_type=kind.strip().lower(),
            charset=_charset(parameters),
            body=body,
        )

    @contextmanager
    def _asked(
        self, target: Target, *, deadline: Deadline, accepts: str
    ) -> Iterator[httpcore.Response]:
        backend = PinnedBackend(target.addresses, target.port, deadline)
        scheme = "https" if target.is_tls else "http"
        headers: list[tuple[bytes | str, bytes | str]] = [
            ("Host", target.host),
            ("User-Agent", self._user_agent),
            ("Accept", accepts),
            ("Accept-Encoding", "gzip"),
            ("Connection", "close"),
        ]
        try:
            with (
                httpcore.ConnectionPool(
                    ssl_context=self._tls, network_backend=backend, retries=0
                ) as pool,
                pool.stream(
                    "GET", f"{scheme}://{target.host}{target.path}", headers=headers
                ) as response,
            ):
                yield response
        except httpcore.TimeoutException as error:
            raise NotFound(Fault.TIMEOUT) from error
        except (
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.UnsupportedProtocol,
            OSError,
        ) as error:
            raise NotFound(Fault.CONNECTION) from error


def refuse_status(status: int) -> None:
    """Raise NotFound unless an answer is the page that was asked for."""
    if status != 200:
        raise NotFound(Fault.STATUS, is_passing=status in _PASSING_STATUS)


def _moved_to(target: Target, location: str) -> str:
    """Return the address that a redirect names. Raises NotFound."""
    try:
        return urljoin(target.url, location)
    except ValueError:  # "http://[" is none; the error would say the address
        raise NotFound(Fault.ADDRESS) from None


def _headers(response: httpcore.Response) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in
            response.headers}  # fmt: skip


def _charset(parameters: str) -> str:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip(" \"'").lower()[:40]
    return ""


def _body(response: httpcore.Response, headers: dict[str, str]) -> bytes:
    """Return the whole body, never more than ``BYTES_MAX`` of it in memory. Raises NotFound."""
    said = headers.get("content-length", "")
    if said.isascii() and said.isdigit() and int(said) > BYTES_MAX:
        raise NotFound(Fault.TOO_LARGE)
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise NotFound(Fault.CONTENT_TYPE)
    unpack = zlib.decompressobj(GZIP) if encoding.endswith("gzip") else None
    body, came = bytearray(), 0
    for chunk in response.iter_stream():
        came += len(chunk)
        body += _unpacked(unpack, chunk, room=BYTES_MAX + 1 - len(body)) if unpack else chunk
        if max(came, len(body)) > BYTES_MAX:
            raise NotFound(Fault.TOO_LARGE)
    if unpack and not unpack.eof:
        raise NotFound(Fault.CONNECTION)  # it was cut off
    return bytes(body)


def _unpacked(unpack: zlib._Decompress, chunk: bytes, *, room: int) -> bytes:
    try:
        return unpack.decompress(chunk, max(room, 1))
    except zlib.error as error:
        raise NotFound(Fault.UNREADABLE) from error
