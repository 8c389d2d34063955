"""The outside world for tests of the sale: one sandbox process, and our own adapter towards it.

A conftest imports the fixtures it wants: ``from tests.outside import gateway, outside``.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from revenue import providers
from revenue.adapters.stripe_gateway import StripeGateway
from tests.sandbox.running_sandbox import KEY, SECRET, RunningSandbox

DEAF_DOOR = "http://127.0.0.1:9/webhooks/stripe"  # nobody takes a delivery: events stay undelivered


def gateway_to(
    base: str, *, key: str = KEY, timeout_s: float = 5.0, retries: int = 0
) -> StripeGateway:
    """Our adapter, pointed at ``base``."""
    return StripeGateway(
        api_key=key,
        api_base=base,
        webhook_secrets=[SECRET],
        timeout_s=timeout_s,
        retries=retries,
    )


def lose_next_answer(outside: RunningSandbox, path: str) -> None:
    """Let Stripe do what the next POST to ``path`` asks for, and cut the line before it answers."""
    outside.control(
        "faults", path=path, method="POST", effect="timeout_after_success", hang_ms=0, count=1
    )


@pytest.fixture(scope="session")
def _outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    running = RunningSandbox(
        tmp_path_factory.mktemp("outside"),
        webhook_url=DEAF_DOOR,
        SANDBOX_DELAYED_PAYMENT_S="600",  # banks answer when a test says so
    )
    running.start()
    yield running
    running.stop()


@pytest.fixture
def outside(_outside: RunningSandbox) -> Iterator[RunningSandbox]:
    """The sandbox, empty and well-behaved at the start of each test."""
    _outside.control("reset")
    _outside.clear_faults()
    yield _outside
    _outside.clear_faults()


@pytest.fixture
def gateway(outside: RunningSandbox) -> StripeGateway:
    return gateway_to(outside.base)


@pytest.fixture
def pages_use_outside(outside: RunningSandbox, settings: Settings) -> Iterator[None]:
    """Views and commands talk to the sandbox too."""
    settings.STRIPE_API_BASE = outside.base
    settings.STRIPE_SECRET_KEY = KEY
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET]
    providers._gateway.cache_clear()
    yield
    providers._gateway.cache_clear()


@pytest.fixture
def pages_find_stripe_away(settings: Settings) -> Iterator[None]:
    """Views and commands talk to an address where nobody answers."""
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    providers._gateway.cache_clear()
    yield
    providers._gateway.cache_clear()
