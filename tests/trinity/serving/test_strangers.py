"""Tokens that nobody has: so many are looked up, and no more; good ones always are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from trinity.mcp_endpoint import McpEndpoint
from trinity.serving.strangers import FROM_ALL_MAX, FROM_ONE_ADDRESS_MAX, KNOWN_MAX, Strangers


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def strangers(clock: Clock) -> Strangers:
    return Strangers(clock)


def tries(strangers: Strangers, address: str, times: int, *, named: str = "wrong") -> int:
    """Try that many wrong tokens; return how many were looked up."""
    looked_up = 0
    for number in range(times):
        token = f"{named}-{number}"
        if strangers.wait_s(address, token) is None:
            looked_up += 1
            strangers.note(address, token, is_known=False)
    return looked_up


def test_one_address_has_so_many_wrong_tokens_a_minute(strangers: Strangers, clock: Clock) -> None:
    assert tries(strangers, "10.0.0.1", 500) == FROM_ONE_ADDRESS_MAX
    clock.now_s += 20
    assert strangers.wait_s("10.0.0.1", "another") == 41
    assert strangers.wait_s("10.0.0.2", "another") is None
    clock.now_s += 41
    assert tries(strangers, "10.0.0.1", 500) == FROM_ONE_ADDRESS_MAX


def test_a_token_that_was_good_is_looked_up_from_the_same_address(strangers: Strangers) -> None:
    strangers.note("10.0.0.1", "good", is_known=True)
    tries(strangers, "10.0.0.1", 500)

    assert strangers.wait_s("10.0.0.1", "good") is None


def test_all_addresses_together_have_a_bound_and_so_has_the_memory(strangers: Strangers) -> None:
    looked_up = sum(tries(strangers, f"2001:db8::{number:x}", 3) for number in range(2_000))
    for number in range(2 * KNOWN_MAX):
        strangers.note("10.0.0.1", f"good-{number}", is_known=True)

    assert looked_up == FROM_ALL_MAX
    assert len(strangers._known) == KNOWN_MAX
    assert len(strangers._wrong) <= FROM_ALL_MAX


def test_a_flood_of_wrong_tokens_costs_thirty_look_ups_and_good_ones_are_served() -> None:
    looked_up: list[str] = []

    async def find(token: str) -> object | None:
        looked_up.append(token)
        return object() if token == "good" else None

    class Sessions:
        async def handle_request(self, _scope: Any, _receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})

    endpoint = McpEndpoint(Sessions(), find=find, inside_max=4)  # type: ignore[arg-type]  # all of it that is called
    said = run(lambda: flood(endpoint))

    assert said == [200, *[401] * FROM_ONE_ADDRESS_MAX, *[429] * 70, 200]
    assert len(looked_up) == FROM_ONE_ADDRESS_MAX + 2


async def flood(endpoint: McpEndpoint) -> list[int]:
    wrong = [f"wrong-{number}" for number in range(100)]
    return [await status_of(endpoint, token) for token in ("good", *wrong, "good")]


async def status_of(endpoint: McpEndpoint, token: str) -> int:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"authorization", f"Bearer {token}".encode())]
    scope = {"method": "POST", "headers": headers, "client": ("10.0.0.1", 1)}
    await endpoint.take(scope, receive, send)
    return int(sent[0]["status"])


def run(work: Callable[[], Awaitable[list[int]]]) -> list[int]:
    """Run ``work`` in a loop of its own: this thread may have one."""

    async def whole() -> list[int]:
        return await work()

    return ThreadPoolExecutor(1).submit(asyncio.run, whole()).result()
