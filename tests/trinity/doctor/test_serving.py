"""The doctor looks at the ways in."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from pytest_django import Settings

from trinity.doctor.findings import Finding, Level
from trinity.doctor.serving import look_at_serving, passes_on_the_unfinished

REFUSED = b"HTTP/1.1 414 URI Too Long\r\nContent-Length: 0\r\n\r\n"


@contextmanager
def listening(*, answer: bytes) -> Iterator[str]:
    """Answer a head with ``answer``; with nothing, wait for the body that never comes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            try:
                while True:
                    made, _ = server.accept()
                    kept.append(made)
                    made.recv(65536)
                    made.sendall(answer)
            except OSError:
                return  # closed: the test is over

        kept: list[socket.socket] = []
        Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        for made in kept:
            made.close()


def look(settings: Settings, **changes: object) -> list[Finding]:
    for name, value in {"MCP_URL": "", **changes}.items():
        setattr(settings, name, value)
    return list(look_at_serving())


def test_the_agents_endpoint_is_looked_at_where_there_is_one(settings: Settings) -> None:
    _, bad = look(settings, DOORS_URL="", MCP_URL="http://127.0.0.1:1")
    with listening(answer=b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as origin:
        _, good = look(settings, DOORS_URL="", MCP_URL=origin)

    assert (bad.what, bad.level, good.level) == ("mcp", Level.BAD, Level.OK)
    assert bad.remedy.startswith("Start the mcp process")


def test_a_deployment_without_doors_hears_of_it(settings: Settings) -> None:
    [finding] = look(settings, DOORS_URL="")
    assert (finding.level, "DOORS_URL" in finding.words) == (Level.WARN, True)


def test_doors_that_answer_are_in_order(settings: Settings) -> None:
    with listening(answer=b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as origin:
        [finding] = look(settings, DOORS_URL=origin)
    assert finding.level == Level.OK


def test_doors_that_do_not_answer_are_bad(settings: Settings) -> None:
    [finding] = look(settings, DOORS_URL="http://127.0.0.1:1")
    assert finding.level == Level.BAD
    assert finding.remedy.startswith("Start the doors process")


@pytest.mark.parametrize(("answer", "is_passed_on"), [(REFUSED, True), (b"", False)])
def test_a_proxy_that_waits_for_no_body_is_found_out(answer: bytes, is_passed_on: bool) -> None:
    with listening(answer=answer) as origin:
        assert passes_on_the_unfinished(origin) is is_passed_on


def test_the_proxy_is_looked_at_where_there_is_one(settings: Settings) -> None:
    with listening(answer=REFUSED) as origin:
        _, proxy = look(settings, DOORS_URL="", IS_HTTPS=True, BASE_URL=origin)
    assert (proxy.what, proxy.level) == ("proxy", Level.WARN)
    assert "buffer" in proxy.remedy


def test_a_proxy_out_of_reach_is_said(settings: Settings) -> None:
    _, proxy = look(settings, DOORS_URL="", IS_HTTPS=True, BASE_URL="https://127.0.0.1:1")
    assert (proxy.what, proxy.level) == ("proxy", Level.WARN)
    assert "cannot be reached" in proxy.words
