"""One sandbox process and one webhook endpoint for all of these tests. No Django, no database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.sandbox.in_browser import NARROW
from tests.sandbox.running_sandbox import RunningSandbox, WebhookReceiver


@pytest.fixture(scope="session")
def _session_receiver() -> Iterator[WebhookReceiver]:
    receiver = WebhookReceiver()
    receiver.start()
    yield receiver
    receiver.stop()


@pytest.fixture(scope="session")
def _session_sandbox(
    _session_receiver: WebhookReceiver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningSandbox]:
    running = RunningSandbox(
        tmp_path_factory.mktemp("sandbox"),
        webhook_url=f"http://127.0.0.1:{_session_receiver.port}/webhooks/stripe",
    )
    running.start()
    yield running
    running.stop()


@pytest.fixture
def receiver(_session_receiver: WebhookReceiver) -> Iterator[WebhookReceiver]:
    yield _session_receiver
    _session_receiver.answer = lambda _: 200


@pytest.fixture
def sandbox(_session_sandbox: RunningSandbox) -> Iterator[RunningSandbox]:
    yield _session_sandbox
    _session_sandbox.clear_faults()


@pytest.fixture(scope="session")
def patient_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """One whose banks answer only when told to."""
    running = RunningSandbox(tmp_path_factory.mktemp("patient"), SANDBOX_DELAYED_PAYMENT_S="3600")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def stripe_v1(sandbox: RunningSandbox) -> Any:
    return sandbox.client()


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """Wait until a question has a true answer; the last answer otherwise fails the test."""

    def wait(question: Callable[[], Any], *, within_s: float = 30) -> Any:
        deadline = time.monotonic() + within_s
        while not (answer := question()):
            if time.monotonic() > deadline:
                pytest.fail(f"not within {within_s} s; the last answer was {answer!r}")
            time.sleep(0.02)
        return answer

    return wait


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def plain_page(chromium: Browser) -> Iterator[Page]:
    """A narrow window without JavaScript."""
    context = chromium.new_context(viewport=NARROW, java_script_enabled=False)
    yield context.new_page()
    context.close()
