"""What serves: Stripe's door, and the proxy in front."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from trinity.doctor.findings import Finding, bad, ok, warn

ANSWER_S_MAX: Final = 3.0
# A path that web refuses at once, without waiting for the body that it was told to expect.
REFUSED_PATH: Final = "/" + "doctor-" * 150


def look_at_serving() -> Iterator[Finding]:
    """Whether Stripe and agents have a process of their own, and the proxy keeps slow visitors."""
    yield _stripes_door()
    if settings.MCP_URL:
        yield _agents_endpoint()
    if settings.IS_HTTPS:
        yield _proxy()


def _stripes_door() -> Finding:
    if not settings.DOORS_URL:
        return warn(
            "doors",
            "DOORS_URL is not set: Stripe's posts share the web process with every page",
            "Run the doors process, set DOORS_URL, and let the proxy send /webhooks/stripe there.",
        )
    try:
        httpx.get(f"{settings.DOORS_URL}/healthz", timeout=ANSWER_S_MAX).raise_for_status()
    except httpx.HTTPError as error:
        return bad(
            "doors",
            f"{settings.DOORS_URL} does not answer ({type(error).__name__})",
            "Start the doors process: what Stripe posts is taken there.",
        )
    return ok("doors", f"{settings.DOORS_URL} takes what Stripe posts")


def _agents_endpoint() -> Finding:
    try:
        httpx.get(f"{settings.MCP_URL}/healthz", timeout=ANSWER_S_MAX).raise_for_status()
    except httpx.HTTPError as error:
        return bad(
            "mcp",
            f"{settings.MCP_URL} does not answer ({type(error).__name__})",
            "Start the mcp process: without it agents can call no tool.",
        )
    return ok("mcp", f"{settings.MCP_URL}/mcp takes what agents call")


def _proxy() -> Finding:
    try:
        is_passed_on = passes_on_the_unfinished(settings.BASE_URL)
    except OSError as error:
        return warn(
            "proxy",
            f"{settings.BASE_URL} cannot be reached from here ({type(error).__name__})",
            "Whether the proxy buffers was not found out; run doctor where it can be reached.",
        )
    if is_passed_on:
        return warn(
            "proxy",
            "it passes requests on before their body has come",
            "Let it buffer requests and answers (docs/operations.md), so that slow visitors "
            "keep its connections and not the application's.",
        )
    return ok("proxy", "it keeps requests until they are whole")


def passes_on_the_unfinished(base_url: str) -> bool:
    """Say whether a request whose body never comes reaches the application behind ``base_url``.

    A path that is too long is refused by the application at once; a proxy that waits for the body
    says nothing meanwhile. Raises OSError where nobody answers at all.
    """
    parts = urlsplit(base_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = parts.hostname or ""
    head = f"POST {REFUSED_PATH} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: 16\r\n\r\n"
    with socket.create_connection((host, port), timeout=ANSWER_S_MAX) as made:
        if parts.scheme == "https":
            with ssl.create_default_context().wrap_socket(made, server_hostname=host) as safe:
                return _is_answered(safe, head.encode())
        return _is_answered(made, head.encode())


def _is_answered(made: socket.socket, head: bytes) -> bool:
    made.sendall(head)
    try:
        return made.recv(64).startswith(b"HTTP/1.1 414 ")
    except TimeoutError:
        return False
