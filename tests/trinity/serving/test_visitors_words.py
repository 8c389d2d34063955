"""What a stranger sends is refused without a traceback, and without a word of it in the log."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.trinity.serving.serving import Served, served, split
from trinity.serving.server import WORKERS

WORD = b"unlikely-4f9c"
COUNTED = re.compile(rb"requests refused .*status_400=(\d+)")
BAD = b"Connection: close\r\nHost: a<b\r\n\r\n"


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Served]:
    """The shop as it is served, with its own settings."""
    folder = tmp_path_factory.mktemp("shop")
    with django_db_blocker.unblock(), served("web", folder=folder) as running:
        yield running


HOSTS = {
    "of elsewhere": WORD + b".example",
    "a script": WORD + b"<script>",
    "five thousand characters": WORD * 400,
    "a list": b"localhost," + WORD,
    "a person's": WORD + b"@localhost",
    "empty": b"",
    "an empty port": b"localhost:",
    "other letters": WORD + "\N{LATIN SMALL LETTER E WITH ACUTE}".encode(),
}


def lines_after(server: Served, size: int) -> list[bytes]:
    time.sleep(1.5)  # what is counted is told after a second
    return server.log.read_bytes()[size:].splitlines()


@pytest.mark.parametrize("path", ["/", "/healthz", "/static/site.css"])
def test_a_host_that_is_not_ours_is_refused_and_leaves_no_word(shop: Served, path: str) -> None:
    before = shop.log.stat().st_size

    for host in HOSTS.values():
        head = f"GET {path} HTTP/1.1\r\nConnection: close\r\nHost: ".encode()
        assert split(shop.ask(head + host + b"\r\n\r\n"))[0] == 400

    assert [line for line in lines_after(shop, before) if b"requests refused" not in line] == []


def test_what_is_refused_is_counted_in_one_line_of_each_worker(doors: Served) -> None:
    before = doors.log.stat().st_size

    for _ in range(20):
        assert doors.ask(b"GET /healthz HTTP/1.1\r\n" + BAD).startswith(b"HTTP/1.1 400 ")

    lines = [line for line in lines_after(doors, before) if line]
    counted = [int(found[1]) for line in lines if (found := COUNTED.search(line))]
    assert (len(counted), sum(counted)) == (len(lines), 20)
    assert len(lines) <= WORKERS


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "localhost.", "127.0.0.1:80"])
def test_ours_is_answered(shop: Served, host: str) -> None:
    head = f"GET /healthz HTTP/1.1\r\nConnection: close\r\nHost: {host}\r\n\r\n".encode()

    assert split(shop.ask(head))[0] == 200
