"""One HTTP/1.1 connection, with a deadline for whatever it waits for, and a place it can lose.

uvicorn's own protocol over llhttp, which refuses what lets two servers disagree about where a
request ends (bare line feeds, two lengths, a length beside chunks, HTTP/2 by prior knowledge).
What it lacks is here: nobody keeps a connection for nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from enum import IntEnum
from typing import Any, Final

from httptools import HttpParserError, HttpParserUpgrade
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HEAD_S: Final = 5.0  # from the first moment, or the end of the last answer's request, to a head
BODY_S: Final = 10.0  # from the head to the end of its body
BODY_BYTES_PER_S: Final = 64 * 1024  # whoever sends so fast may take longer: a file by telephone
IDLE_S: Final = 15.0  # between an answer and the next head
WRITE_S: Final = 20.0  # for the other side to take an answer, or a part of it, that is ready
LOOK_EVERY_S: Final = 0.5
# Of all that is no body: a head, or chunks' sizes and extensions, trailers, empty lines.
HEAD_BYTES_MAX: Final = 32 * 1024
CONNECTIONS_MAX: Final = 1024
OF_A_BODY: Final = frozenset({b"content-length", b"transfer-encoding"})
# Of all bodies under way together. Who sends most loses the place first.
BODIES_BYTES_MAX: Final = 32 * 1024 * 1024
UNREAD_BYTES_MAX: Final = 32 * 1024 * 1024  # of all answers that nobody takes; likewise


class WaitReason(IntEnum):
    """What a connection waits for; the lower, the sooner it makes room for a newcomer."""

    HEAD = 0
    NEXT = 1
    BODY = 2
    READER = 3
    US = 4


DEADLINES_S: Final = {
    WaitReason.HEAD: HEAD_S,
    WaitReason.NEXT: IDLE_S,
    WaitReason.BODY: BODY_S,
    WaitReason.READER: WRITE_S,
    WaitReason.US: float("inf"),
}


class Connection(HttpToolsProtocol):
    """A connection of at most CONNECTIONS_MAX in this process.

    When all places are taken, a newcomer gets that of whoever waits longest for nothing: those
    that never sent a head go first, those whose answer we owe never.
    """

    held: dict[Connection, None] = {}
    body_bytes_held = 0
    places = CONNECTIONS_MAX
    is_looked_after = False

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.waits, self.since_s = WaitReason.HEAD, time.monotonic()
        self.head_bytes = self.body_bytes = 0
        self.is_in_head = True
        self.owed: deque[RequestResponseCycle] = deque()  # answers, in the order of their requests
        self.has_ended = False  # nothing that still comes is read
        self.refusal = ""  # of what came last, once all before it are answered

    def wait(self, what: WaitReason) -> None:
        """Begin to wait for ``what``; its deadline runs from now."""
        self.waits, self.since_s = what, time.monotonic()

    def drop(self) -> None:
        """End it now, whatever is still to be written."""
        self._owe_nothing()
        if not self.transport.is_closing() or self.transport.get_write_buffer_size():
            self.transport.abort()

    # --- what the transport says ---------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # ours is never a file
        """Take a place, if need be another's."""
        super().connection_made(transport)
        if len(Connection.held) >= Connection.places and not _make_room():
            transport.abort()
        Connection.held[self] = None
        if not Connection.is_looked_after:
            Connection.is_looked_after = True
            self.loop.call_later(LOOK_EVERY_S, _look_after_all, self.loop)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        Connection.held.pop(self, None)
        self._forget_body()
        self._owe_nothing()
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio's own says so
        """The other side sends no more. Whoever asked a whole question still gets its answer."""
        self.has_ended = True
        return bool(self.owed) and not self.owed[0].more_body  # False closes

    def data_received(self, data: bytes) -> None:
        """Read on, but of what is no body no more than HEAD_BYTES_MAX and one read."""
        self.head_bytes += len(data)
        unread = memoryview(data)
        try:
            while unread and not self.has_ended:
                unread = self._rest_of(unread)
        except HttpParserError:
            self.send_400_response("Invalid HTTP request received.")
        if self.head_bytes > HEAD_BYTES_MAX and not self.has_ended:
            self.send_400_response("The request's head is too long.")

    def _rest_of(self, data: memoryview) -> memoryview:
        """Read ``data``; return what follows a request for another protocol, which we decline.

        It is answered as if it had not asked (RFC 9110, 7.8), and so is what comes behind it.
        """
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as asked:
            return data[asked.args[0] :]
        return data[len(data) :]

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read, and close; whoever asked before it is answered first."""
        self.has_ended = True
        if self.owed and not self.owed[0].more_body:
            self.refusal = msg
        else:
            super().send_400_response(msg)

    def pause_writing(self) -> None:
        """An answer is ready, and the other side does not take it."""
        super().pause_writing()
        self.wait(WaitReason.READER)

    def resume_writing(self) -> None:
        """Go on with the answer, if there is more of it."""
        super().resume_writing()
        if self.cycle is not None and not self.cycle.response_complete:
            self.wait(WaitReason.US)

    # --- what the parser says ------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self.is_in_head, self.head_bytes = True, 0
        if self.waits is WaitReason.NEXT:
            self.wait(WaitReason.HEAD)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer: those came after the request was judged, and are dropped.

        Blanks around a value are no part of it (RFC 9110, 5.5); the parser leaves those behind it.
        """
        if self.is_in_head:
            super().on_header(name, value.strip(b" \t"))

    def on_headers_complete(self) -> None:
        """The head is complete; its body may follow."""
        self.is_in_head = False
        # uvicorn would forget which server was meant; and behind CONNECT no request ends.
        if not self.url.startswith(b"/") or self.parser.get_method() == b"CONNECT":
            raise ValueError("the request is for another server, or for none")
        # The parser takes such a body for words of the other protocol, and we for a next request.
        if self.parser.should_upgrade() and any(name in OF_A_BODY for name, _ in self.headers):
            raise ValueError("a request for another protocol, with a body")
        if self.parser.get_http_version() == "1.0":
            self.expect_100_continue = False  # its sender knows no interim answer
        if self.waits is not WaitReason.US:  # else it was sent before the last one was answered
            self.wait(WaitReason.BODY)
        super().on_headers_complete()
        self.owed.append(self.cycle)

    def on_body(self, body: bytes) -> None:
        """Some of the body came."""
        super().on_body(body)
        self.head_bytes -= len(body)
        self.body_bytes += len(body)
        Connection.body_bytes_held += len(body)
        if Connection.body_bytes_held > BODIES_BYTES_MAX:
            max(Connection.held, key=lambda each: each.body_bytes).drop()

    def on_message_complete(self) -> None:
        """The whole request is here."""
        super().on_message_complete()
        if self.cycle.response_complete:
            self._wait_for_next()
        else:
            self.wait(WaitReason.US)

    def on_response_complete(self) -> None:
        """The answer is complete, though perhaps not taken; the request perhaps not sent."""
        has_another = bool(self.pipeline)
        self._forget_body()
        if self.owed:
            self.owed.popleft()
        super().on_response_complete()
        self._unset_keepalive_if_required()  # deadlines are ours
        if self.has_ended and not (has_another and not self.cycle.more_body):
            self._end()
        elif self.cycle.more_body:  # of the next one; or it was answered early, and is thrown away
            self.wait(WaitReason.BODY)
        elif has_another:  # which nobody answers where the last answer is not taken
            is_stuck = self.transport.is_closing() or self.flow.write_paused
            self.wait(WaitReason.READER if is_stuck else WaitReason.US)
        else:
            self._wait_for_next()

    def _wait_for_next(self) -> None:
        is_taken = self.transport.get_write_buffer_size() == 0
        self.wait(WaitReason.NEXT if is_taken else WaitReason.READER)

    def _end(self) -> None:
        """Nothing more will come: say what was wrong with the last, if anything, and close."""
        if self.refusal and not self.transport.is_closing():
            super().send_400_response(self.refusal)
        self.transport.close()

    def _owe_nothing(self) -> None:
        """Nobody is there to be answered: what still works for them writes to nobody."""
        for cycle in self.owed:
            cycle.disconnected = True
            cycle.message_event.set()
        self.owed.clear()
        self.pipeline.clear()

    def look(self, now_s: float) -> None:
        """End it when its deadline is past."""
        is_taken = self.transport.get_write_buffer_size() == 0
        if self.waits is WaitReason.READER and self.cycle.response_complete and is_taken:
            self.wait(WaitReason.NEXT)
        more_s = self.body_bytes / BODY_BYTES_PER_S if self.waits is WaitReason.BODY else 0.0
        if now_s - self.since_s > DEADLINES_S[self.waits] + more_s:
            self.drop()

    def _forget_body(self) -> None:
        Connection.body_bytes_held -= self.body_bytes
        self.body_bytes = 0


def _make_room() -> bool:
    """Drop whoever waits longest for nothing. False: everybody waits for us."""
    for what in (WaitReason.HEAD, WaitReason.NEXT, WaitReason.BODY, WaitReason.READER):
        for each in Connection.held:  # in the order in which they came
            if each.waits is what and not each.transport.is_closing():
                each.drop()
                return True
    return False


def _look_after_all(loop: asyncio.AbstractEventLoop) -> None:
    now_s = time.monotonic()
    unread = 0
    try:
        for each in list(Connection.held):
            each.look(now_s)
            unread += each.transport.get_write_buffer_size()
        if unread > UNREAD_BYTES_MAX:
            max(Connection.held, key=lambda each: each.transport.get_write_buffer_size()).drop()
    finally:  # whatever happened: without the next look there are no deadlines
        Connection.is_looked_after = bool(Connection.held)
        if Connection.held:
            loop.call_later(LOOK_EVERY_S, _look_after_all, loop)
