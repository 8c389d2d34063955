"""One sandbox process and one webhook door for all of these tests. No Django, no database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.sandbox.running_sandbox import RunningSandbox, Sink


@pytest.fixture(scope="session")
def _session_sink() -> Iterator[Sink]:
    sink = Sink()
    sink.start()
    yield sink
    sink.stop()


@pytest.fixture(scope="session")
def _session_sandbox(
    _session_sink: Sink, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningSandbox]:
    running = RunningSandbox(
        tmp_path_factory.mktemp("sandbox"),
        webhook_url=f"http://127.0.0.1:{_session_sink.port}/webhooks/stripe",
    )
    running.start()
    yield running
    running.stop()


@pytest.fixture
def sink(_session_sink: Sink) -> Iterator[Sink]:
    yield _session_sink
    _session_sink.answer = lambda _: 200


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
