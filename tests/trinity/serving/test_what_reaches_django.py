"""What a request says reaches Django, and nothing else does: over real HTTP, by the real server."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.trinity.serving.serving import Served, split

SERVERS_OWN = {
    "REQUEST_METHOD",
    "SCRIPT_NAME",
    "PATH_INFO",
    "QUERY_STRING",
    "CONTENT_LENGTH",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "REMOTE_ADDR",
    "REMOTE_PORT",
    "wsgi.version",
    "wsgi.url_scheme",
    "wsgi.input",
    "wsgi.errors",
    "wsgi.multithread",
    "wsgi.multiprocess",
    "wsgi.run_once",
}


def asked(
    web: Served, *lines: bytes, path: str = "/asked", method: str = "GET", body: bytes = b""
) -> dict[str, Any]:
    """Return what the page was asked, as it understood it."""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n".encode()
    status, answer = split(
        web.ask(head + b"".join(b"%s\r\n" % each for each in lines) + b"\r\n" + body)
    )
    assert status == 200, answer
    found: dict[str, Any] = json.loads(answer)
    return found


def test_nothing_of_the_processs_environment_is_in_meta(web: Served) -> None:
    meta = asked(web)["meta"]

    assert set(meta) == SERVERS_OWN | {"HTTP_HOST", "HTTP_CONNECTION"}
    common = {"", "web", "localhost", str(web.port)}
    leaked = {
        name
        for name, value in web.env.items()
        if name in meta or (len(value) > 8 and value not in common and value in str(meta))
    }
    assert leaked == set()
    assert "wholly-unlikely" not in json.dumps(meta)


def test_a_visitor_cannot_name_a_proxy_for_programs(web: Served) -> None:
    assert "HTTP_PROXY" not in asked(web, b"Proxy: http://evil.example")["meta"]


@pytest.mark.parametrize(
    "name", [b"X_Forwarded_For", b"X-Forwarded_For", b"x_forwarded_for", b"X_FORWARDED-FOR"]
)
def test_a_name_with_underscores_passes_for_no_other(web: Served, name: bytes) -> None:
    mixed = asked(web, name + b": 6.6.6.6", b"X-Forwarded-For: 192.0.2.7", name + b": 6.6.6.7")
    alone = asked(web, name + b": 6.6.6.6", b"Content_Length: 5", b"Content_Type: a/b")

    assert mixed["meta"]["HTTP_X_FORWARDED_FOR"] == "192.0.2.7"
    assert "HTTP_X_FORWARDED_FOR" not in alone["meta"]
    assert (alone["meta"]["CONTENT_LENGTH"], alone["meta"].get("CONTENT_TYPE")) == ("0", None)


def test_what_comes_after_the_body_passes_for_no_header(web: Served) -> None:
    trailers = b"X-Forwarded-For: 6.6.6.6\r\nHost: evil.example\r\nCookie: a=b\r\nProxy: c\r\n"

    meta = asked(
        web,
        b"X-Forwarded-For: 192.0.2.7",
        b"Transfer-Encoding: chunked",
        b"Trailer: X-Forwarded-For, Host, Cookie",
        method="POST",
        body=b"1\r\na\r\n0\r\n" + trailers + b"\r\n",
    )["meta"]

    assert (meta["HTTP_X_FORWARDED_FOR"], meta["HTTP_HOST"]) == ("192.0.2.7", "localhost")
    assert {"HTTP_COOKIE", "HTTP_PROXY"} & set(meta) == set()


def test_headers_that_come_twice_are_joined_as_each_is_joined(web: Served) -> None:
    meta = asked(
        web,
        b"Cookie: a=1",
        b"X-Forwarded-For: 1.1.1.1",
        b"Cookie: b=2",
        b"X-Forwarded-For: 2.2.2.2",
    )["meta"]

    assert meta["HTTP_COOKIE"] == "a=1; b=2"
    assert meta["HTTP_X_FORWARDED_FOR"] == "1.1.1.1,2.2.2.2"


def test_bytes_of_a_header_arrive_one_by_one(web: Served) -> None:
    assert asked(web, b"X-Name: Zo\xc3\xab \xff")["meta"]["HTTP_X_NAME"] == "Zo\xc3\xab \xff"


def test_blanks_around_a_value_are_no_part_of_it(web: Served) -> None:
    assert asked(web, b"X-Name: \t a  b \t ")["meta"]["HTTP_X_NAME"] == "a  b"


def test_a_path_is_decoded_once_and_whole(web: Served) -> None:
    answer = asked(web, path="/asked/a%2Fb%252F/%C3%BC?q=%C3%BC&r=a%2Fb")

    assert answer["path"] == "/asked/a/b%2F/ü"
    assert answer["meta"]["QUERY_STRING"] == "q=%C3%BC&r=a%2Fb"
    assert answer["meta"]["SCRIPT_NAME"] == ""


def test_a_body_arrives_whole(web: Served) -> None:
    body = b"field=" + b"x" * 300_000
    answer = asked(
        web,
        b"Content-Type: text/plain",
        b"Content-Length: %d" % len(body),
        method="POST",
        body=body,
    )

    assert answer["body"] == body.decode()
    assert (answer["meta"]["CONTENT_LENGTH"], answer["meta"]["CONTENT_TYPE"]) == (
        "300006",
        "text/plain",
    )


def test_a_body_in_chunks_arrives_whole(web: Served) -> None:
    answer = asked(
        web,
        b"Transfer-Encoding: chunked",
        method="POST",
        body=b"5\r\nhello\r\n7;ext=1\r\n, world\r\n0\r\n\r\n",
    )

    assert (answer["body"], answer["meta"]["CONTENT_LENGTH"]) == ("hello, world", "12")
    assert "HTTP_TRANSFER_ENCODING" not in answer["meta"]


def test_whoever_asks_before_sending_a_body_is_told_to_go_on(web: Served) -> None:
    with web.connect() as made:
        made.sendall(
            b"POST /asked HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
            b"Expect: 100-continue\r\nConnection: close\r\n\r\n"
        )
        assert made.recv(100).startswith(b"HTTP/1.1 100 ")
        made.sendall(b"hello")
        answer = made.recv(65536)

    assert answer.startswith(b"HTTP/1.1 200 ")


def test_head_is_a_head_alone(web: Served) -> None:
    answer = web.ask(b"HEAD /asked HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")

    assert (head.split()[1], body) == (b"200", b"")
    assert b"content-length: " in head.lower()


def test_two_requests_on_one_connection_are_answered_in_order(web: Served) -> None:
    first = b"GET /asked/1 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = b"GET /asked/2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

    answer = web.ask(first + last)

    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert answer.index(b'"path": "/asked/1"') < answer.index(b'"path": "/asked/2"')


def test_a_long_answer_is_streamed_whole(web: Served) -> None:
    raw = web.ask(b"GET /stream HTTP/1.0\r\nHost: localhost\r\n\r\n")
    status, body = split(raw)

    assert status == 200
    assert [body.count(bytes([65 + n]) * 1024) for n in range(12)] == [1024] * 12


def test_an_answer_that_breaks_off_is_not_taken_for_a_whole_one(web: Served) -> None:
    answer = web.ask(b"GET /broken HTTP/1.1\r\nHost: localhost\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert not answer.endswith(b"0\r\n\r\n")


def test_the_environment_that_was_looked_for_was_there(web: Served) -> None:
    """The test above would prove nothing with an empty environment."""
    environ = Path(f"/proc/{web.process.pid}/environ").read_bytes()

    assert b"wholly-unlikely-3b1f" in environ
    assert os.fsencode(web.env["SECRET_KEY"]) in environ
