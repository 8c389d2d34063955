"""Which addresses may be read at all. Pure but for one look at the resolver.

An agent, and any page, can name an address; so each is refused that could lead to a network of
ours. A name is resolved once, and what is connected to is what was judged: it cannot lead
elsewhere a moment later (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar, Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

import idna

from fulfillment.ports_web import Fault, NotFound
from kernel.shown_text import is_domain

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

URL_CHARS_MAX: Final = 2000
PORTS: Final = {"http": 80, "https": 443}
RESOLVE_S_MAX: Final = 4.0
# Names that are kept for networks of one's own, or for nobody (RFC 6761, 6762, 8375, 9476).
OWN_NAMES: Final = (
    *("localhost", "local", "internal", "intranet", "lan", "home.arpa", "onion", "alt"),
    *("test", "invalid", "example"),
)
# Of IPv6 only what is given to networks, less what carries an IPv4 address or is for documents.
_V6_GIVEN: Final = ipaddress.IPv6Network("2000::/3")
_V6_REFUSED: Final = tuple(
    ipaddress.IPv6Network(each)
    for each in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48")
)
_V4_REFUSED: Final = tuple(
    ipaddress.IPv4Network(each)
    for each in (
        "192.88.99.0/24",  # the relay of 6to4
        "168.63.129.16/32",  # a cloud's own services, at a public address
    )
)
_resolvers: Final = ThreadPoolExecutor(4, thread_name_prefix="resolve")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An address that may be asked for: its parts, and where its host was found."""

    scheme: str
    host: str  # lower case, its labels ASCII
    path: str  # with its query
    addresses: tuple[str, ...]
    port: int
    is_tls: bool

    @property
    def url(self) -> str:
        """Return it as it is written."""
        return f"{self.scheme}://{self.host}{self.path}"

    @property
    def origin(self) -> str:
        """Return whose rules for robots hold."""
        return f"{self.scheme}://{self.host}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxWeb:
    """The one place on this machine that may be read: where made-up companies are served.

    All names below ``.example`` lead there, and nowhere else; no resolver is asked for one.
    """

    address: str
    port: int

    SUFFIX: ClassVar[str] = ".example"

    @classmethod
    def at(cls, url: str) -> SandboxWeb | None:
        """Return the one that is served at ``url``; None for none."""
        parts = urlsplit(url)
        if not parts.hostname:
            return None
        return cls(address=parts.hostname, port=parts.port or PORTS["http"])

    def has(self, host: str) -> bool:
        """Say whether ``host`` is served there."""
        return host.endswith(self.SUFFIX)


def read_target(url: str, *, sandbox_web: SandboxWeb | None) -> Target:
    """Return what ``url`` leads to, if it may be read. Raises NotFound."""
    parts = _parts(url)
    host = _host(parts.hostname or "")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if sandbox_web is not None and sandbox_web.has(host):
        return Target(
            scheme=parts.scheme,
            host=host,
            path=path,
            addresses=(sandbox_web.address,),
            port=sandbox_web.port,
            is_tls=False,
        )
    if any(host == name or host.endswith(f".{name}") for name in OWN_NAMES):
        raise NotFound(Fault.PRIVATE)
    port = PORTS[parts.scheme]
    return Target(
        scheme=parts.scheme,
        host=host,
        path=path,
        addresses=resolve_public(host, port=port),
        port=port,
        is_tls=parts.scheme == "https",
    )


def _parts(url: str) -> SplitResult:
    """Return the parts of an address without credentials, at its scheme's own port."""
    if len(url) > URL_CHARS_MAX or not url.isascii() or not url.isprintable() or " " in url:
        raise NotFound(Fault.ADDRESS)
    if "\\" in url:  # browsers read it as a slash, and others do not
        raise NotFound(Fault.ADDRESS)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NotFound(Fault.ADDRESS) from error
    if parts.scheme not in PORTS or "@" in parts.netloc:
        raise NotFound(Fault.ADDRESS)
    if port not in (None, PORTS[parts.scheme]):
        raise NotFound(Fault.ADDRESS)
    return parts


def _host(host: str) -> str:
    """Return a name as machines spell it; an address in numbers, however written, is none."""
    try:
        spelled = idna.encode(host.rstrip("."), uts46=True).decode().lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise NotFound(Fault.ADDRESS) from error
    if not is_domain(spelled):
        raise NotFound(Fault.ADDRESS)
    return spelled


def resolve_public(host: str, *, port: int) -> tuple[str, ...]:
    """Return all addresses of ``host``, IPv4 first. Raises NotFound unless each is public."""
    found = [_address(text) for text in _resolved(host, port=port)]
    if not found:
        raise NotFound(Fault.NAME)
    if not all(is_public(address) for address in found):
        raise NotFound(Fault.PRIVATE)
    return tuple(str(each) for each in sorted(dict.fromkeys(found), key=lambda each: each.version))


def _resolved(host: str, *, port: int) -> Sequence[str]:
    asked = _resolvers.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        return [str(sockaddr[0]) for *_, sockaddr in asked.result(timeout=RESOLVE_S_MAX)]
    except (OSError, TimeoutError, UnicodeError) as error:
        raise NotFound(Fault.NAME) from error


def _address(text: str) -> Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError as error:
        raise NotFound(Fault.PRIVATE) from error


def is_public(address: Address) -> bool:
    """Say whether an address belongs to the public internet, and to nobody's inner network.

    What wraps an IPv4 address in IPv6 (mapped, compatible, NAT64, 6to4, Teredo) is none.
    """
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _V4_REFUSED)
    if address.scope_id or address not in _V6_GIVEN:
        return False
    return not any(address in network for network in _V6_REFUSED)
