"""Nudges: a word to a worker that something waits. They may be lost; sweeps may not.

``trinity/flow.py`` maps a topic to task names. A nudge carries nothing, and the broker being down
never fails the caller: what waits has a row with a state, and each task finds what is due.
"""

from __future__ import annotations

import logging
import threading
import time
from functools import cache
from typing import Final

from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu import Connection, pools
from kombu.exceptions import OperationalError
from kombu.pools import ProducerPool
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

SOCKET_TIMEOUT_S: Final = 0.25


def nudge(topic: str) -> None:
    """Queue every task listed under ``topic`` now.

    A broker that is down, or that does not answer at once, is logged and not raised.
    """
    producers = _producers(current_app.conf.broker_url)
    for task_name in settings.FLOW[topic]:
        try:
            with producers.acquire(block=True) as producer:
                current_app.send_task(task_name, producer=producer, retry=False)
        except (OperationalError, OSError, RedisError) as error:
            logger.warning("nudge lost", extra={"topic": topic, "error": type(error).__name__})


@cache
def _producers(_broker_url: str) -> ProducerPool:
    """Return a pool of connections for words only: somebody may wait for the page that says them.

    Celery's own pool has the patience of a worker that listens.
    """
    pool: ProducerPool = pools.producers[_impatient_connection()]
    return pool


def _impatient_connection() -> Connection:
    connection = current_app.connection_for_write()
    timeouts = dict.fromkeys(("socket_timeout", "socket_connect_timeout"), SOCKET_TIMEOUT_S)
    connection.transport_options = {**(connection.transport_options or {}), **timeouts}
    return connection


def nudge_after_commit(topic: str) -> None:
    """Queue every task listed under ``topic`` soon after the caller's transaction has committed.

    One word is as good as many: it is coalesced with others of this process.
    """
    if topic not in settings.FLOW:
        raise KeyError(f"trinity/flow.py has no topic {topic!r}")
    transaction.on_commit(_coalesced(topic).signal)


class CoalescedNudge:
    """Many nudges a second as one: for a door that must not wait for the broker.

    ``signal`` returns at once. A thread of its own sends at most one nudge per ``every_s`` seconds,
    without retry; after a failure it pauses ``pause_s`` seconds, because a broker
    that is down blocks each publish. What is lost meanwhile the sweep finds.
    """

    def __init__(self, topic: str, *, every_s: float = 0.05, pause_s: float = 5.0) -> None:
        self.topic, self.every_s, self.pause_s = topic, every_s, pause_s
        self._wanted = threading.Event()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    def signal(self) -> None:
        """Ask for a nudge soon."""
        self._wanted.set()
        if self._thread is None or not self._thread.is_alive():
            self._run_thread()

    def _run_thread(self) -> None:
        with self._start:  # threads do not survive a fork, so it starts on the first signal
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._send_forever, daemon=True)
                self._thread.start()

    def _send_forever(self) -> None:
        connection = _impatient_connection()
        while True:
            self._wanted.wait()
            self._wanted.clear()
            is_sent = self._send(connection)
            time.sleep(self.every_s if is_sent else self.pause_s)

    def _send(self, connection: Connection) -> bool:
        try:
            for task_name in settings.FLOW[self.topic]:
                current_app.send_task(task_name, connection=connection, retry=False)
        except (OperationalError, OSError, RedisError) as error:
            extra = {"topic": self.topic, "error": type(error).__name__}
            logger.warning("nudge lost, pausing", extra=extra)
            connection.close()
            return False
        return True


@cache
def _coalesced(topic: str) -> CoalescedNudge:
    return CoalescedNudge(topic)
