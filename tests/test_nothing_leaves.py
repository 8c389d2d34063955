"""No test speaks with anybody beyond this machine."""

from __future__ import annotations

import socket

import pytest
from playwright.sync_api import Browser, Error
from pytest_socket import SocketConnectBlockedError

ELSEWHERE = "192.0.2.1"  # https://www.rfc-editor.org/rfc/rfc5737: nobody has it


def test_no_socket_reaches_beyond_this_machine() -> None:
    with pytest.warns(UserWarning, match=ELSEWHERE), pytest.raises(SocketConnectBlockedError):
        socket.create_connection((ELSEWHERE, 443), timeout=5)


@pytest.mark.browser
@pytest.mark.parametrize("address", [f"http://{ELSEWHERE}/", "https://example.com/"])
def test_no_browser_does_either(chromium: Browser, address: str) -> None:
    with chromium.new_page() as page, pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto(address, timeout=10_000)
