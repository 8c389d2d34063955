"""What tests of mail share."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from django.conf import LazySettings

from revenue.adapters.mailer import SMTP_BACKEND
from tests.revenue.mail.smtp import MailServer, running

TIMEOUT_S = 0.3
StartServer = Callable[..., MailServer]


@pytest.fixture
def mail_server(settings: LazySettings) -> Iterator[StartServer]:
    """Start a mail server that answers as told, and send through it."""
    with ExitStack() as stack:

        def start(**answers: str) -> MailServer:
            server = stack.enter_context(running(MailServer(**answers)))
            _send_through(settings, port=server.port)
            return server

        yield start


@pytest.fixture
def no_mail_server(settings: LazySettings) -> None:
    """Send to a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        _send_through(settings, port=free.getsockname()[1])


def _send_through(settings: LazySettings, *, port: int) -> None:
    settings.EMAIL_BACKEND = SMTP_BACKEND
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_TIMEOUT = TIMEOUT_S
