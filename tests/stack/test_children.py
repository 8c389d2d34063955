"""Guardians on real processes: nothing outlives what it belongs to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from trinity.stack import StackError, children, leftovers
from trinity.stack.children import Child, Program
from trinity.stack.home import ROOT, Home
from trinity.stack.supervisor import supervising

# A main process with a worker, like every server of the stack. The worker shrugs SIGTERM off.
FAMILY = """
import os, signal, sys, time
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "alone" in sys.argv:
        os.setsid()
    print("worker", os.getpid(), flush=True)
else:
    print("main", os.getpid(), flush=True)
time.sleep(60)
"""
SUPERVISOR = """
import sys, time
from pathlib import Path
from trinity.stack import children
from trinity.stack.children import Program
log = Path(sys.argv[1])
child = children.start(Program(name="x", argv=(sys.executable, "-c", sys.argv[2]), env={}, log=log))
print(child.guardian.pid, flush=True)
time.sleep(60)
"""


def family(log: Path, *arguments: str) -> Program:
    return Program(
        name="family", argv=(sys.executable, "-c", FAMILY, *arguments), env={}, log=log, stop_s=1.0
    )


def until(is_so: Callable[[], bool], *, timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def members(log: Path) -> dict[str, int]:
    until(lambda: log.exists() and log.read_text().count("\n") >= 2)
    return {line.split()[0]: int(line.split()[1]) for line in log.read_text().splitlines()}


def runs(pid: int) -> bool:
    return leftovers.start_time(pid) is not None


def ended(child: Child) -> bool:
    return child.exit_code() is not None


@pytest.mark.parametrize("arguments", [(), ("alone",)])
def test_workers_go_when_their_main_process_is_killed(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    child = children.start(family(tmp_path / "log", *arguments))
    found = members(tmp_path / "log")
    assert found["main"] == child.pid

    os.kill(child.pid, signal.SIGKILL)
    until(lambda: ended(child))

    assert child.exit_code() == 128 + signal.SIGKILL
    assert [runs(pid) for pid in found.values()] == [False, False]


def test_a_stop_is_asked_for_and_then_enforced(tmp_path: Path) -> None:
    child = children.start(family(tmp_path / "log"))
    found = members(tmp_path / "log")

    child.ask_to_stop()
    until(lambda: ended(child))

    assert [runs(pid) for pid in found.values()] == [False, False]


def test_nothing_is_left_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(tmp_path / "log"), FAMILY],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as supervisor:
        assert supervisor.stdout
        guardian = int(supervisor.stdout.readline())
        found = members(tmp_path / "log")
        supervisor.kill()

    until(lambda: not any(map(runs, [guardian, *found.values()])))


def test_a_killed_guardian_takes_its_program_along(tmp_path: Path) -> None:
    child = children.start(family(tmp_path / "log"))
    found = members(tmp_path / "log")

    child.guardian.kill()
    until(lambda: ended(child))

    until(lambda: not any(map(runs, found.values())))


def test_leftovers_are_cleared_and_strangers_are_not(tmp_path: Path) -> None:
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    reused = {**leftovers.identity(stranger.pid), "started": "1"}
    rebooted = {**leftovers.identity(stranger.pid), "boot": "another"}

    leftovers.clear([leftovers.identity(left.pid), reused, rebooted], home=tmp_path)

    assert left.wait(timeout=5) == -signal.SIGTERM
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_workers_of_a_dead_main_process_are_found_by_their_home(tmp_path: Path) -> None:
    env = {"TRINITY_HOME": str(tmp_path)}
    main = subprocess.Popen(
        [sys.executable, "-c", FAMILY],
        env=env,
        stdout=(tmp_path / "log").open("w"),
        process_group=0,
    )
    known = leftovers.identity(main.pid)
    worker = members(tmp_path / "log")["worker"]
    main.kill()
    main.wait()

    assert leftovers.clear([known], home=tmp_path / "another") == []
    assert leftovers.clear([known], home=tmp_path) == [worker]
    until(lambda: not runs(worker))


def test_a_program_that_is_missing_is_one_sentence(tmp_path: Path) -> None:
    program = Program(name="ghost", argv=("/does/not/exist",), env={}, log=tmp_path / "log")
    with pytest.raises(StackError, match=r"/does/not/exist could not be started for ghost\."):
        children.start(program)


def test_the_log_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "LOG_BYTES_MAX", 10_000)
    chatter = "import time\nwhile True: print('x' * 99, flush=True); time.sleep(0.001)"
    log = tmp_path / "log"
    child = children.start(
        Program(name="chatter", argv=(sys.executable, "-c", chatter), env={}, log=log)
    )

    until((tmp_path / "log.1").exists)
    until(lambda: log.stat().st_size < 10_000)
    child.kill()
    until(lambda: ended(child))


def test_what_dies_is_started_again_and_said(tmp_path: Path) -> None:
    home, said = Home(tmp_path / "home"), []
    home.prepare()
    with supervising(home, said.append) as supervisor:
        first = supervisor.start(family(home.log / "family.log"))
        members(home.log / "family.log")
        os.kill(first.pid, signal.SIGKILL)

        def is_back() -> bool:
            supervisor.look()
            return supervisor.children["family"] is not first

        until(is_back)
        second = supervisor.children["family"]
        assert home.state()["processes"]["family"]["pid"] == second.pid

    assert said[0] == "family stopped (signal 9); starting it again."
    assert said[1] == f"family runs again (process {second.pid})."
    assert not runs(second.pid)
    assert home.state() == {}


def test_what_dies_again_and_again_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trinity.stack.supervisor.BACKOFF_S_MAX", 0.0)
    home = Home(tmp_path / "home")
    home.prepare()
    crash = "raise ValueError('the reason')"
    program = Program(
        name="crash", argv=(sys.executable, "-c", crash), env={}, log=home.log / "crash.log"
    )
    with supervising(home, lambda _text: None) as supervisor:
        supervisor.start(program)
        with pytest.raises(StackError, match=r"9 times in a row \(ValueError: the reason\); see"):
            supervisor.watch()
