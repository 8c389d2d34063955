"""A lost word costs seconds: the sweep speaks again for what has no run."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from fulfillment.models import AcquisitionRun
from fulfillment.tasks import start_run, sweep_intakes
from tests.factories.fulfillment import open_intake_of, paid_order

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker() -> redis.Redis:
    """The broker's queue, emptied."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.delete("celery")
    return client


def words(broker: redis.Redis) -> list[tuple[str, int]]:
    messages = [json.loads(raw) for raw in broker.lrange("celery", 0, -1)]
    return [
        (message["headers"]["task"], json.loads(_body(message))[1]["order_id"])
        for message in messages
    ]


def _body(message: dict[str, str]) -> bytes:
    return base64.b64decode(message["body"])


def test_an_intake_without_a_run_is_spoken_for(broker: redis.Redis) -> None:
    old, fresh, done = paid_order(), paid_order(), paid_order()
    long_ago = timezone.now() - timedelta(minutes=5)
    open_intake_of(old, now=long_ago)
    open_intake_of(fresh, now=timezone.now())
    open_intake_of(done, now=long_ago)
    start_run(order_id=done.id)

    assert sweep_intakes() == 1
    assert words(broker) == [("fulfillment.start_run", old.id)]


def test_nothing_is_said_when_every_intake_has_its_run(broker: redis.Redis) -> None:
    order = paid_order()
    open_intake_of(order, now=timezone.now() - timedelta(minutes=5))
    start_run(order_id=order.id, what_a_newer_producer_adds=1)

    assert sweep_intakes() == 0
    assert words(broker) == []
    assert AcquisitionRun.objects.count() == 1
