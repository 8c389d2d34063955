"""A relay that shows our credential, which the suite cannot: all else goes through as it is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

PATIENCE_S: Final = 30
# Headers of one connection, which each of the two has for itself, and the one that is shown.
OWN: Final = {"authorization", "connection", "transfer-encoding", "content-length"}


@contextmanager
def relayed(port: int, *, token: str) -> Iterator[str]:
    """Pass what comes on to ``port`` of this machine; give the address to ask instead."""

    class Relay(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            asked = {name: said for name, said in self.headers.items() if name.lower() not in OWN}
            asked["authorization"] = f"Bearer {token}"
            with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)) as further:
                further.request(self.command, self.path, body=body or None, headers=asked)
                self._pass_back(further.getresponse())

        do_GET = do_DELETE = do_POST

        def _pass_back(self, answer: HTTPResponse) -> None:
            body = answer.read()
            self.send_response(answer.status)
            for name, said in answer.getheaders():
                if name.lower() not in OWN:
                    self.send_header(name, said)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Relay)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}/mcp"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
