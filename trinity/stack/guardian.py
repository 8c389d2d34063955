"""Run one program and make sure that nothing of it outlives the stack.

``python -I -S guardian.py SPEC`` with SPEC as JSON (see ``trinity.stack.children``). Each program
of the stack has a guardian of its own, which

* dies with the supervisor (parent-death signal on Linux, a look at the parent elsewhere), and stops
  its program first, so that even ``kill -9`` of the supervisor leaves nothing running;
* takes down what the program leaves behind when its main process dies: web workers and pool
  workers survive a ``kill -9`` of theirs, because nobody tells them;
* keeps the log file small.

It stands alone: standard library only, no import of this project, so it starts in milliseconds.
"""

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
IS_LINUX = sys.platform == "linux"
LOOK_EVERY_S = 1.0
SWEEP_S_MAX = 5.0

stop_asked_at: list[float] = []


def main(spec: dict[str, Any]) -> int:
    """Run the program of ``spec``; return its exit code (128 + n when signal n ended it)."""
    wakeup = _listen_for_signals()
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    if os.getppid() != spec["parent_pid"]:
        return 0  # The supervisor died before we could ask to die with it.
    program = _start(spec)
    os.write(spec["report_fd"], f"{program.pid}\n".encode())
    os.close(spec["report_fd"])
    status = _watch(program.pid, spec=spec, wakeup=wakeup)
    program.returncode = status
    _sweep(program.pid, has_own_group=spec["own_group"])
    return status if status >= 0 else 128 - status


def _listen_for_signals() -> int:
    """Turn SIGTERM into a note and every signal into a byte on the returned descriptor."""
    read_fd, write_fd = os.pipe()
    os.set_blocking(read_fd, False)
    os.set_blocking(write_fd, False)
    signal.set_wakeup_fd(write_fd, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, _note_stop)
    signal.signal(signal.SIGCHLD, _note_nothing)
    # A Ctrl-C at the terminal is the supervisor's to answer.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    return read_fd


def _note_stop(_number: int, _frame: FrameType | None) -> None:
    stop_asked_at.append(time.monotonic())


def _note_nothing(_number: int, _frame: FrameType | None) -> None:
    """The byte on the wake-up descriptor says enough."""


def _prctl(option: int, value: int) -> None:
    if IS_LINUX and ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option})")


def _start(spec: dict[str, Any]) -> subprocess.Popen[bytes]:
    log = None
    if spec["log"]:
        log = os.open(spec["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def in_the_child() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    return subprocess.Popen(
        spec["argv"],
        cwd=spec["cwd"],
        stdin=subprocess.DEVNULL if log is not None else None,
        stdout=log,
        stderr=log,
        process_group=0 if spec["own_group"] else None,
        user=spec["user"],
        group=spec["group"],
        extra_groups=[] if spec["user"] is not None else None,
        preexec_fn=in_the_child,
    )


def _watch(main_pid: int, *, spec: dict[str, Any], wakeup: int) -> int:
    """Wait for the main process; return its code, negative when a signal ended it."""
    is_stopping = False
    while (status := _reap(main_pid)) is None:
        if os.getppid() != spec["parent_pid"] and not stop_asked_at:
            stop_asked_at.append(time.monotonic())
        if stop_asked_at and not is_stopping:
            is_stopping = True
            _signal(main_pid, spec["stop_signal"])
        if stop_asked_at and time.monotonic() - stop_asked_at[0] > spec["stop_s"]:
            _signal(main_pid, signal.SIGKILL)
        if spec["log"]:
            _keep_small(Path(spec["log"]), bytes_max=spec["log_bytes_max"])
        if select.select([wakeup], [], [], 0.1 if is_stopping else LOOK_EVERY_S)[0]:
            os.read(wakeup, 4096)
    return status


def _reap(main_pid: int) -> int | None:
    """Bury every child that has ended; return the main one's code when it is among them."""
    code = None
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if pid == main_pid:
                code = os.waitstatus_to_exitcode(status)
    return code


def _sweep(main_pid: int, *, has_own_group: bool) -> None:
    """Kill whatever the program left: its group, and every orphan that fell to us."""
    deadline = time.monotonic() + SWEEP_S_MAX
    while time.monotonic() < deadline:
        if has_own_group:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(main_pid, signal.SIGKILL)
        orphans = _children_of(os.getpid())
        for pid in orphans:
            _signal(pid, signal.SIGKILL)
        _reap(main_pid)
        if not orphans:
            return
        time.sleep(0.01)


def _children_of(parent_pid: int) -> list[int]:
    """Return the children that /proc shows; where there is none, the group has to do."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat") if IS_LINUX else ():
        with contextlib.suppress(OSError):  # It ended while we looked.
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent_pid:
                found.append(int(stat.parent.name))
    return found


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _keep_small(log: Path, *, bytes_max: int) -> None:
    """Copy and cut: the program keeps its descriptor, which appends at the new end."""
    if not log.exists() or log.stat().st_size <= bytes_max:
        return
    older = log.with_name(log.name + ".1")
    try:
        shutil.copyfile(log, older)
    except OSError:  # The disk is full: room for what runs matters more than old lines.
        older.unlink(missing_ok=True)
    os.truncate(log, 0)


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
