"""What tests of the sale share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from revenue.adapters.stripe_gateway import StripeGateway
from revenue.enums import EventState, Source
from revenue.exchanges.events import process_due
from revenue.models import StripeWebhookEvent
from tests.factories.revenue import NOON

SECRET = "whsec_test"


class Clock:
    """A clock that tests set forward."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def deaf_gateway() -> StripeGateway:
    """A gateway whose Stripe answers nothing: port 9 of this machine."""
    return StripeGateway(
        api_key="sk_sandbox_test",
        api_base="http://127.0.0.1:9",
        webhook_secrets=[SECRET],
        timeout_s=0.5,
        retries=0,
    )


@pytest.fixture
def process(clock: Clock, deaf_gateway: StripeGateway) -> Callable[[], list[StripeWebhookEvent]]:
    """Act on all that is due, as the worker does, and return the events as they stand."""

    def run() -> list[StripeWebhookEvent]:
        while process_due(gateway=deaf_gateway, source=Source.DELIVERY, clock=clock):
            pass
        return list(StripeWebhookEvent.objects.order_by("id"))

    return run


def states(events: list[StripeWebhookEvent]) -> list[EventState]:
    return [EventState(event.state) for event in events]
