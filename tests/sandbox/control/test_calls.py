"""Test control: JSON for programs."""

import httpx

from tests.sandbox.running_sandbox import RunningSandbox


def test_control_calls_need_the_key(sandbox: RunningSandbox) -> None:
    answer = httpx.post(f"{sandbox.base}/_sandbox/reset", json={})

    assert answer.status_code == 401
