"""Nudges: sent after the commit, to every task of the topic; a broker that is down hurts nobody."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from celery import Celery
from django.conf import settings as project
from django.db import transaction

from kernel import nudges
from kernel.nudges import CoalescedNudge, nudge, nudge_after_commit
from trinity.celery import app as project_app

QUEUE = "celery"


def app_on(broker: str) -> Celery:
    app = Celery("nudges", broker=broker, set_as_current=False)
    app.conf.update(broker_transport_options=project.CELERY_BROKER_TRANSPORT_OPTIONS)
    return app


@pytest.fixture
def messages(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Two tasks listen to one topic; return a function that counts what was queued.

    The broker is there, so there is time to wait for it.
    """
    monkeypatch.setattr(nudges, "SOCKET_TIMEOUT_S", 30.0)
    nudges._producers.cache_clear()
    settings.FLOW = {"thing.happened": ("test.first", "test.second")}
    make_current(app_on(project.CELERY_BROKER_URL))
    client = redis.Redis.from_url(project.REDIS_URL)
    client.delete(QUEUE)
    yield lambda: client.llen(QUEUE)
    client.delete(QUEUE)
    nudges._producers.cache_clear()
    make_current(project_app)


@pytest.fixture
def broker_down(settings: Any) -> Iterator[None]:
    settings.FLOW = {"thing.happened": ("test.first", "test.second")}
    make_current(app_on("redis://127.0.0.1:9/0"))
    yield
    make_current(project_app)


def make_current(app: Celery) -> None:
    """Let ``app`` be the one that sends, in this thread and in new ones."""
    app.set_default()
    app.set_current()


def test_a_nudge_reaches_every_task_of_its_topic(messages: Any) -> None:
    nudge("thing.happened")

    assert messages() == 2


@pytest.mark.django_db(transaction=True)
def test_a_nudge_waits_for_the_commit(messages: Any) -> None:
    with transaction.atomic():
        nudge_after_commit("thing.happened")
        time.sleep(0.2)
        assert messages() == 0

    wait_until(lambda: messages() == 2)


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_not_told(messages: Any) -> None:
    with transaction.atomic():
        nudge_after_commit("thing.happened")
        transaction.set_rollback(True)

    time.sleep(0.2)
    assert messages() == 0


@pytest.mark.django_db
def test_an_unknown_topic_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError, match="no topic"):
        nudge_after_commit("thing.unheard_of")


@pytest.mark.usefixtures("broker_down")
def test_a_broker_that_is_down_is_logged_and_not_raised(caplog: pytest.LogCaptureFixture) -> None:
    began_s = time.monotonic()

    with caplog.at_level(logging.WARNING, logger="kernel.nudges"):
        nudge("thing.happened")

    assert [record.getMessage() for record in caplog.records] == ["nudge lost"] * 2
    assert time.monotonic() - began_s < 2  # left alone, Celery sleeps for six seconds at each


@pytest.fixture
def broker_hangs(settings: Any) -> Iterator[None]:
    """It takes connections, and never says a word."""
    settings.FLOW = {"thing.happened": ("test.first", "test.second")}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        make_current(app_on(f"redis://127.0.0.1:{listener.getsockname()[1]}/0"))
        yield
        make_current(project_app)


@pytest.mark.usefixtures("broker_hangs")
def test_a_broker_that_hangs_costs_a_buyer_a_second_or_two() -> None:
    began_s = time.monotonic()

    nudge("thing.happened")

    assert time.monotonic() - began_s < 3


def test_many_signals_are_one_nudge(messages: Any) -> None:
    every_s = 0.3
    coalesced, began_s = CoalescedNudge("thing.happened", every_s=every_s), time.monotonic()

    for _ in range(200):
        coalesced.signal()
    wait_until(lambda: messages() >= 2)
    for _ in range(200):
        coalesced.signal()
    wait_until(lambda: messages() >= 4)
    time.sleep(2 * every_s)  # for one more of them to be sent

    most = 1 + (time.monotonic() - began_s) / every_s
    assert 2 * 2 <= messages() <= 2 * most


@pytest.mark.usefixtures("broker_hangs")
def test_a_signal_never_waits_for_a_broker_that_hangs(caplog: pytest.LogCaptureFixture) -> None:
    coalesced = CoalescedNudge("thing.happened", pause_s=3600)  # its thread outlives the test
    began_s = time.monotonic()

    with caplog.at_level(logging.WARNING, logger="kernel.nudges"):
        for _ in range(1_000):
            coalesced.signal()
        signalled_s = time.monotonic() - began_s
        wait_until(lambda: bool(caplog.records))

    assert signalled_s < 2  # a thousand waits of a quarter of a second would be four minutes
    assert [record.getMessage() for record in caplog.records] == ["nudge lost, pausing"]


def wait_until(is_so: Any, *, timeout_s: float = 30.0) -> None:
    """Wait for another thread, up to ``timeout_s``."""
    until_s = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < until_s, "it never happened"
        time.sleep(0.01)
