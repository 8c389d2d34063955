"""A mail server on this machine that does what a test wants, however rude."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


class HangUp(Exception):
    """Close the connection without another word."""


@dataclass
class MailServer:
    """What the server answers at each step, and what it was given.

    An answer is a reply line; "" hangs up there, "silence" says nothing until the client leaves.
    """

    greeting: str = "220 here"
    sender: str = "250 ok"
    recipient: str = "250 ok"
    data: str = "354 go on"
    body: str = "250 taken"
    goodbye: str = "221 bye"
    offers: str = ""  # an extension of SMTP that it speaks
    unknown: str = ""  # an address that this server does not know
    port: int = 0
    calls: int = 0
    bodies: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)

    @property
    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(body, policy=policy.default) for body in self.bodies]


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        received = self.server.received
        received.calls += 1
        try:
            self._say(received.greeting)
            while line := self.rfile.readline():
                self._answer(line.decode().strip(), received)
        except (HangUp, ConnectionError):
            return

    def _answer(self, line: str, received: MailServer) -> None:
        verb = line.upper().partition(" ")[0].partition(":")[0]
        if verb == "EHLO" and received.offers:
            self._say(f"250-here\r\n250 {received.offers}")
        elif verb in ("EHLO", "HELO", "RSET", "NOOP"):
            self._say("250 ok")
        elif verb == "MAIL":
            self._say(received.sender)
        elif verb == "RCPT":
            address = line.partition("<")[2].partition(">")[0]
            received.recipients.append(address)
            self._say("550 who?" if address == received.unknown else received.recipient)
        elif verb == "DATA":
            self._say(received.data)
            if received.data.startswith("354"):
                self._take_body(received)
        elif verb == "QUIT":
            self._say(received.goodbye)
            raise HangUp

    def _take_body(self, received: MailServer) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        received.bodies.append(b"".join(lines))
        self._say(received.body)

    def _say(self, words: str) -> None:
        if not words:
            raise HangUp
        if words == "silence":
            self.server.is_over.wait(30)
            raise HangUp
        self.wfile.write(f"{words}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, received: MailServer) -> None:
        self.received, self.is_over = received, threading.Event()
        super().__init__(("127.0.0.1", 0), _Handler)


@contextmanager
def running(received: MailServer) -> Iterator[MailServer]:
    with _Server(received) as server:
        received.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield received
        finally:
            server.is_over.set()
            server.shutdown()
            thread.join()
