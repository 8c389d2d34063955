"""A whole stack, as ``bin/run`` starts it: found, refused twice, killed, and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.prepared import running_again
from trinity.stack import Ports, Stack, attached, running
from trinity.stack.home import ROOT

pytestmark = pytest.mark.slow

EVERYTHING = {
    *("postgres", "valkey", "sandbox", "web", "doors", "mcp"),
    *("worker", "worker-tools", "beat"),
}
GONE_S_MAX = 60.0


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running(home=tmp_path_factory.mktemp("first") / "home") as started:
        yield started


def status(address: str) -> int:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return int(answer.status)


def processes_of(home: Path) -> list[int]:
    """Return every process that carries the home's name, whoever its parent is."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
        except OSError:
            continue
        if os.fsencode(home) in words and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found


def all_gone(home: Path) -> bool:
    deadline = time.monotonic() + GONE_S_MAX
    while processes_of(home) and time.monotonic() < deadline:
        time.sleep(0.05)
    return processes_of(home) == []


def run_in(home: Path, ports: Ports) -> subprocess.CompletedProcess[str]:
    """Try to start a stack that must refuse."""
    return subprocess.run(
        [sys.executable, "-m", "trinity.stack", "--ignore-dotenv", "run"],
        cwd=ROOT,
        env={"TRINITY_HOME": str(home), **ports.as_env()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_everything_runs_and_answers(stack: Stack) -> None:
    assert set(stack.pids()) == EVERYTHING
    assert status(f"{stack.base_url}/healthz") == 200
    assert status(f"{stack.base_url}/readyz") == 200
    assert status(f"{stack.doors_url}/healthz") == 200
    assert status(f"{stack.sandbox_url}/_sandbox/health") == 200
    assert stack.mode == "sandbox"
    assert attached(stack.home.path) == Stack(stack.home)


def test_it_says_how_to_use_it(stack: Stack) -> None:
    said = stack.said()
    for word in (
        stack.base_url,
        stack.doors_url,
        stack.owner_email,
        stack.owner_password,
        "4242",
        "Ctrl-C",
    ):
        assert word in said
    assert "no real money" in said
    assert "Traceback" not in said


def test_manage_reaches_it_from_another_terminal(stack: Stack) -> None:
    result = stack.manage("showmigrations", "--plan")
    assert (result.returncode, "[ ]" in result.stdout) == (0, False)


def test_a_second_one_in_the_same_home_is_refused(stack: Stack) -> None:
    refused = run_in(stack.home.path, Ports.free())

    assert refused.returncode == 1
    assert refused.stderr.startswith("Trinity: A stack already runs in")
    assert stack.base_url in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_port_in_use_is_refused_and_nothing_is_left(stack: Stack, tmp_path: Path) -> None:
    port = int(stack.base_url.rpartition(":")[2])
    free = Ports.free()

    refused = run_in(tmp_path / "h", replace(free, web=port))

    assert refused.returncode == 1
    assert refused.stderr.startswith(f"Trinity: Port {port} is in use")
    assert all_gone(tmp_path / "h")


@pytest.mark.parametrize("name", sorted(EVERYTHING))
def test_what_is_killed_comes_back(stack: Stack, name: str) -> None:
    before = stack.pids()

    stack.wait_for_new(name, old_pid=stack.kill(name))

    after = stack.pids()
    assert set(after) == EVERYTHING
    assert {each for each in EVERYTHING if before[each] != after[each]} == {name}
    stack.wait_answering(timeout_s=20.0)


def test_a_second_stack_beside_it_killed_loses_nothing(
    stack: Stack, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("second") / "home"
    with running_again(home=home) as second:
        assert second.process
        assert second.base_url != stack.base_url
        with psycopg.connect(second.env["MIGRATION_DATABASE_URL"], autocommit=True) as database:
            database.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        os.kill(second.process.pid, signal.SIGKILL)
        second.process.wait()
        assert all_gone(home)
        assert attached(home) is None

    with running(home=home) as again:
        with psycopg.connect(again.env["MIGRATION_DATABASE_URL"]) as database:
            row = database.execute("SELECT answer FROM kept").fetchone()
        assert row == (42,)
        assert "first password in" in again.said()
        assert again.process
        again.process.send_signal(signal.SIGINT)
        asked_s = time.monotonic()
        assert again.process.wait(timeout=60) == 0
        assert time.monotonic() - asked_s < 10
        assert processes_of(home) == []

    assert status(f"{stack.base_url}/readyz") == 200
