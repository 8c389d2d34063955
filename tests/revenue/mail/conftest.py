"""What tests of mail share."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from django.conf import LazySettings

from notices.adapters.mailer import SMTP_BACKEND
from tests.revenue.mail.smtp import MailServer, running

TIMEOUT_S, PATIENCE_S = 1, 30  # where a server never answers; where it does, however slowly
StartServer = Callable[..., MailServer]


@pytest.fixture
def mail_server(settings: LazySettings) -> Iterator[StartServer]:
    """Start a mail server that answers as told, and send through it."""
    with ExitStack() as stack:

        def start(**answers: str) -> MailServer:
            server = stack.enter_context(running(MailServer(**answers)))
            timeout_s = TIMEOUT_S if "silence" in answers.values() else PATIENCE_S
            _send_through(settings, port=server.port, timeout_s=timeout_s)
            return server

        yield start


@pytest.fixture
def no_mail_server(settings: LazySettings) -> None:
    """Send to a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        _send_through(settings, port=free.getsockname()[1], timeout_s=PATIENCE_S)


def _send_through(settings: LazySettings, *, port: int, timeout_s: int) -> None:
    settings.EMAIL_BACKEND = SMTP_BACKEND
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_TIMEOUT = timeout_s
