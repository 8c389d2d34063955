"""Starting: what is refused, what is remembered, how fast."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sandbox.settings import BadSettings, settings_from
from tests.sandbox.running_sandbox import KEY, ROOT, SECRET, RunningSandbox

GOOD = {
    "PATH": os.environ["PATH"],
    "SANDBOX_STRIPE_KEY": KEY,
    "SANDBOX_WEBHOOK_SECRET": SECRET,
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"SANDBOX_STRIPE_KEY": "rk_" + "live_123"}, "looks like a live key"),
        ({"SANDBOX_WEBHOOK_SECRET": "sk_" + "live_123"}, "looks like a live key"),
        ({"SANDBOX_STRIPE_KEY": ""}, "SANDBOX_STRIPE_KEY is not set"),
        ({"SANDBOX_WEBHOOK_SECRET": ""}, "SANDBOX_WEBHOOK_SECRET is not set"),
        ({"SANDBOX_HOME": " "}, "SANDBOX_HOME is not set"),
        ({"SANDBOX_PORT": "many"}, "SANDBOX_PORT must be a number"),
        ({"SANDBOX_WEBHOOK_BACKOFF_S": "-1"}, "must not be negative"),
        ({"SANDBOX_WEBHOOK_URL": "nowhere"}, "SANDBOX_WEBHOOK_URL must start with"),
    ],
)
def test_settings_that_cannot_be_are_named(change: dict[str, str], words: str) -> None:
    with pytest.raises(BadSettings, match=words):
        settings_from({**GOOD, "SANDBOX_HOME": "somewhere", **change})


def test_a_live_key_ends_the_process_with_one_sentence(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox"],
        cwd=ROOT,
        env={**GOOD, "SANDBOX_HOME": str(tmp_path), "SANDBOX_STRIPE_KEY": "sk_" + "live_123"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 2
    assert "looks like a live key" in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use_is_one_clear_sentence(sandbox: RunningSandbox, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox"],
        cwd=ROOT,
        env={**GOOD, "SANDBOX_HOME": str(tmp_path), "SANDBOX_PORT": str(sandbox.port)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 2
    assert f"Port {sandbox.port} cannot be used" in ended.stderr


def test_it_remembers_over_a_restart_and_forgets_on_reset(tmp_path: Path) -> None:
    running = RunningSandbox(tmp_path)
    running.start()
    product = running.client().products.create({"name": "Kept"})
    account = running.client().accounts.retrieve_current().id
    assert running.stop() == 0

    running.start()
    try:
        assert running.client().products.retrieve(product.id).name == "Kept"
        assert running.client().accounts.retrieve_current().id == account
        running.control("reset")
        assert running.client().products.list().data == []
        assert running.client().accounts.retrieve_current().id == account
    finally:
        running.stop()


def test_without_a_webhook_address_the_buyer_does_not_wait(tmp_path: Path) -> None:
    running = RunningSandbox(tmp_path)
    running.start()
    try:
        session = running.open_session()
        start_s = time.monotonic()

        paid = running.pay(session.id)

        assert time.monotonic() - start_s < 5
        assert (paid["webhook_answered"], paid["session"]["status"]) == (False, "complete")
    finally:
        running.stop()


def test_an_answer_comes_in_one_piece(sandbox: RunningSandbox, stripe_v1) -> None:
    def took_s() -> float:
        start_s = time.monotonic()
        stripe_v1.balance.retrieve()
        return time.monotonic() - start_s

    # Two writes per answer cost 40 ms each time (delayed acknowledgement), however idle we are.
    assert any(took_s() < 0.03 for _ in range(300))
