"""The task that acts on filed events: all that are due, with two threads when many are."""

from __future__ import annotations

import json
import threading

import pytest
import redis
from django.conf import settings

from revenue import tasks
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.enums import EventState
from revenue.models import StripeWebhookEvent
from revenue.ports import Fact
from tests.factories.revenue import CheckoutFactory, filed, session_object

pytestmark = pytest.mark.django_db(transaction=True)


class Meeting(StripeGateway):
    """A thread that helps waits at its first event until another one does the same."""

    both, seen = threading.Barrier(2, timeout=10), threading.local()

    def read_event(self, body: bytes) -> Fact | None:
        is_helper = threading.current_thread() is not threading.main_thread()
        if is_helper and not hasattr(self.seen, "one"):
            self.seen.one = True
            self.both.wait()
        return super().read_event(body)


def file_payments(count: int) -> None:
    for _ in range(count):
        filed("checkout.session.completed", session_object(CheckoutFactory()))


def acted_on() -> int:
    return StripeWebhookEvent.objects.filter(state=EventState.PROCESSED).count()


def test_a_long_queue_is_drained_with_two_hands(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = Meeting.from_settings(settings, timeout_s=1, retries=0)
    monkeypatch.setattr(tasks, "gateway_for_worker", lambda: gateway)
    count = 2 * tasks.BATCH + 1  # one batch alone, one for each of the two
    file_payments(count)

    assert tasks.process_webhooks() == count
    assert acted_on() == count


def test_who_worked_long_enough_asks_for_another_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "BATCH", 1)
    monkeypatch.setattr(tasks, "BATCHES_MAX", 1)
    queue = redis.Redis.from_url(settings.REDIS_URL)
    file_payments(4)

    def turns_asked_for() -> int:
        asked = [json.loads(each)["headers"]["task"] for each in queue.lrange("celery", 0, -1)]
        return asked.count(tasks.process_webhooks.name)

    before = turns_asked_for()
    assert tasks.process_webhooks() == 1 + tasks.DRAIN_THREADS
    assert (acted_on(), turns_asked_for()) == (3, before + 1)
