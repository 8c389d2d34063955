"""One private stack that everything here breaks, and never empties. Run alone: it is one group."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator

import pytest

from tests.chaos.shop import Shop
from tests.prepared import running_again
from trinity.stack import commands

ENVIRONMENT = {
    "TRUSTED_PROXY_COUNT": "1",  # every buyer has an address of their own
    # Three people at once may wait for a silent Stripe, also when one process serves them all:
    # half of a process's threads may, and the next one would be told to come back.
    "WEB_BLOCKING_THREADS": "8",
    "SANDBOX_WEBHOOK_BACKOFF_S": "0.2",
    "SANDBOX_DELAYED_PAYMENT_S": "1",
}


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop with two beats. CHAOS_SEED replays what chance did."""
    seed = int(os.environ.get("CHAOS_SEED") or random.randrange(10**6))
    print(f"\nReplay with CHAOS_SEED={seed}")
    with running_again(home=tmp_path_factory.mktemp("chaos") / "home", env=ENVIRONMENT) as stack:
        second_beat = commands.beat(home=str(tmp_path_factory.mktemp("second_beat")))
        shop = Shop(stack, seed)
        with shop.beside(second_beat):
            yield shop


@pytest.fixture(autouse=True)
def _seed(shop: Shop, record_property: Callable[[str, object], None]) -> None:
    record_property("chaos seed (replay with CHAOS_SEED)", shop.seed)
