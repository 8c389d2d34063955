"""The adapter against the sandbox; against Stripe's own test mode too when a key is set.

``STRIPE_CONTRACT_KEY=sk_test_… bin/test`` runs the promises that need no paying buyer there too.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable

import pytest

from revenue.adapters.stripe_gateway import StripeGateway
from tests.outside import _outside, gateway, gateway_to, outside
from tests.sandbox.running_sandbox import RunningSandbox

__all__ = ["_outside", "gateway", "outside"]

STRIPE = "https://api.stripe.com"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that ask for ``world`` run once per world there is."""
    if "world" in metafunc.fixturenames:
        worlds = ["sandbox"]
        if os.environ.get("STRIPE_CONTRACT_KEY", "").startswith(("sk_test_", "rk_test_")):
            worlds.append("stripe")
        metafunc.parametrize("world", worlds)


@pytest.fixture
def either(world: str, request: pytest.FixtureRequest) -> StripeGateway:
    """The adapter, pointed at the world whose turn it is."""
    if world == "stripe":
        return gateway_to(STRIPE, key=os.environ["STRIPE_CONTRACT_KEY"], timeout_s=20)
    running: RunningSandbox = request.getfixturevalue("outside")
    return gateway_to(running.base)


@pytest.fixture
def unique() -> Callable[[str], str]:
    """Names that no earlier run used: Stripe's test mode keeps everything."""
    run = secrets.token_hex(8)
    return lambda name: f"{name}_{run}"
