"""A page is read within its bounds, whoever serves it: real connections to a server of our own."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpcore
import pytest

from fulfillment.adapters.web import reader as reading_pages
from fulfillment.adapters.web.addresses import SandboxWeb
from fulfillment.adapters.web.connecting import Deadline, PinnedBackend
from fulfillment.adapters.web.fetching import BYTES_MAX, Fetcher
from fulfillment.adapters.web.reader import WebPages
from fulfillment.ports_web import Fault, NotFound
from tests.fulfillment.web.conftest import USER_AGENT
from tests.fulfillment.web.shady_server import ShadyServer

BASE = "http://shady.example"


@pytest.fixture(scope="module")
def _server() -> Iterator[ShadyServer]:
    server = ShadyServer()
    yield server
    server.stop()


@pytest.fixture
def server(_server: ShadyServer, monkeypatch: pytest.MonkeyPatch) -> ShadyServer:
    """Its robots.txt is read anew for each page."""
    monkeypatch.setattr(reading_pages, "_remembered", lambda _: None)
    _server.asked.clear()
    _server.robots = (404, b"")
    return _server


@pytest.fixture
def pages(server: ShadyServer) -> WebPages:
    web = SandboxWeb(address="127.0.0.1", port=server.port)
    return WebPages(Fetcher(user_agent=USER_AGENT, sandbox_web=web))


def fault_at(pages: WebPages, path: str) -> Fault:
    with pytest.raises(NotFound) as refused:
        pages.read(f"{BASE}{path}")
    return refused.value.fault


@pytest.mark.parametrize("path", ["/whole", "/packed"])
def test_a_page_is_read_by_its_name_and_we_say_who_asks(
    path: str, pages: WebPages, server: ShadyServer
) -> None:
    page = pages.read(f"{BASE}{path}#part")

    assert page.final_url == f"{BASE}{path}"
    assert page.title == "Whole"
    assert page.text.count("All of it is here.") == 20
    [(asked_robots, _), (asked, headers)] = server.asked
    assert (asked_robots, asked) == ("/robots.txt", path)
    assert (headers["host"], headers["user-agent"]) == ("shady.example", USER_AGENT)
    assert not {"cookie", "authorization", "referer"} & set(headers)


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/bomb", Fault.TOO_LARGE),
        ("/pour", Fault.TOO_LARGE),
        ("/said-to-be-large", Fault.TOO_LARGE),
        ("/cut", Fault.CONNECTION),
        ("/garbled", Fault.UNREADABLE),
        ("/other-packing", Fault.CONTENT_TYPE),
        ("/pdf", Fault.CONTENT_TYPE),
        ("/picture", Fault.CONTENT_TYPE),
        ("/nothing", Fault.UNREADABLE),
        ("/gone", Fault.STATUS),
        ("/broken", Fault.STATUS),
        ("/hangs-up", Fault.CONNECTION),
        ("/no-http", Fault.CONNECTION),
    ],
)
def test_what_is_no_page_that_can_be_read_is_refused_by_name(
    path: str, fault: Fault, pages: WebPages
) -> None:
    assert fault_at(pages, path) == fault


def test_a_page_of_exactly_the_most_is_read(pages: WebPages) -> None:
    page = pages.read(f"{BASE}/exactly")

    assert len(page.body) == BYTES_MAX
    assert len(page.text) == 400_000


@pytest.mark.parametrize("path", ["/drip", "/drip-head"])
def test_however_slowly_it_drips_its_time_ends(
    path: str, pages: WebPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_pages, "ALL_S_MAX", 0.6)

    assert fault_at(pages, path) == Fault.TIMEOUT


@pytest.mark.parametrize(
    "to",
    [
        *("http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://2130706433/"),
        *("http://169.254.169.254/latest/meta-data/", "file:///etc/passwd", "//127.0.0.1/"),
        *("http://shady.example:6379/", "http://me@shady.example/", "gopher://shady.example/"),
        *("http://[::ffff:169.254.169.254]/", "", "http://0x7f.1/", "http://a.internal/"),
        *("http://[", "http://[abc]/"),
    ],
)
def test_a_redirect_is_judged_like_the_first_address(
    to: str, pages: WebPages, server: ShadyServer
) -> None:
    fault = fault_at(pages, f"/away?{to}")

    assert fault in (Fault.ADDRESS, Fault.PRIVATE, Fault.REDIRECTS)
    assert {path.partition("?")[0] for path, _ in server.asked} <= {"/robots.txt", "/away"}


def test_five_redirects_are_followed_and_the_sixth_is_not(pages: WebPages) -> None:
    assert pages.read(f"{BASE}/away?" + "/away?" * 4 + "/whole").final_url == f"{BASE}/whole"
    assert fault_at(pages, "/away?" * 6 + "/whole") == Fault.REDIRECTS


def test_a_site_that_asks_not_to_be_read_is_not(pages: WebPages, server: ShadyServer) -> None:
    server.robots = (200, b"User-agent: TrinityResearch\nDisallow: /wh")

    assert fault_at(pages, "/whole") == Fault.ROBOTS
    assert fault_at(pages, "/away?/whole") == Fault.ROBOTS
    assert "/whole" not in [path for path, _ in server.asked]


def test_a_site_whose_rules_cannot_be_had_is_asked_later(
    pages: WebPages, server: ShadyServer
) -> None:
    server.robots = (500, b"")

    with pytest.raises(NotFound, match="robots") as refused:
        pages.read(f"{BASE}/whole")
    assert refused.value.is_passing


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/data", '{"price": 49}'),
        ("/latin", "Café für alle, jeden Tag. " * 20 + "Schluss."),
        ("/unseen", "abcd é"),
    ],
)
def test_a_text_is_read_in_its_own_letters_and_without_what_nobody_sees(
    path: str, text: str, pages: WebPages
) -> None:
    assert pages.read(f"{BASE}{path}").text == text


def test_a_connection_goes_to_the_address_that_was_judged_whatever_the_name_says_now(
    server: ShadyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rebinding: the name leads elsewhere by now, and nobody asks it again."""
    asked = []
    real = socket.getaddrinfo
    monkeypatch.setattr(
        "socket.getaddrinfo", lambda host, *more: asked.append(host) or real(host, *more)
    )
    backend = PinnedBackend(["127.0.0.1"], server.port, Deadline(5))

    with httpcore.ConnectionPool(network_backend=backend) as pool:
        answer = pool.request("GET", "http://rebinds.example/whole", extensions={})

    assert (answer.status, asked) == (200, ["127.0.0.1"])
    assert server.asked[-1][1]["host"] == "rebinds.example"


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, ssl.SSLContext]]:
    """A server that proves to be shop.example, and a context that believes it."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    make_certificate(cert, key, name="shop.example")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(cert, key)
    server.socket = serving.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.server_address[1], ssl.create_default_context(cafile=str(cert))
    server.shutdown()
    server.server_close()


def make_certificate(cert: Path, key: Path, *, name: str) -> None:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", f"/CN={name}"),
            *("-addext", f"subjectAltName=DNS:{name}", "-keyout", str(key), "-out", str(cert)),
        ],
        check=True,
        capture_output=True,
    )


@pytest.mark.parametrize(("name", "is_believed"), [("shop.example", True), ("b.example", False)])
def test_who_is_connected_to_must_prove_the_name_and_not_the_address(
    name: str, is_believed: bool, certified: tuple[int, ssl.SSLContext]
) -> None:
    port, context = certified
    backend = PinnedBackend(["127.0.0.1"], port, Deadline(5))

    with httpcore.ConnectionPool(network_backend=backend, ssl_context=context) as pool:
        if is_believed:
            assert pool.request("GET", f"https://{name}/").content == b"ok"
        else:
            with pytest.raises(httpcore.ConnectError, match="certificate"):
                pool.request("GET", f"https://{name}/")
