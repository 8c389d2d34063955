"""Processes that an earlier stack left behind, told apart from strangers by their start time."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
# Guardians of a supervisor that was killed are stopping what they guard: let them.
GRACE_S: Final = 8.0
POLL_S: Final = 0.05


def start_time(pid: int) -> str | None:
    """Return when ``pid`` started, in the system's own words; None when it does not run.

    A pid alone says nothing: it may have been given to somebody else since.
    """
    if sys.platform == "linux":
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] in "ZX" else fields[19]
    result = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return result.stdout.strip() or None


def identity(pid: int) -> dict[str, Any]:
    """Return what is needed to recognise ``pid`` later, also after a restart of the machine."""
    return {"pid": pid, "started": start_time(pid), "boot": _boot()}


def is_running(process: Mapping[str, Any]) -> bool:
    """Say whether the very process that ``identity`` described still runs."""
    started = process.get("started")
    return (
        started is not None
        and process.get("boot") == _boot()
        and start_time(int(process["pid"])) == started
    )


def clear(processes: Iterable[Mapping[str, Any]], *, home: Path) -> list[int]:
    """End what still runs of ``processes``; return the pids that had to be killed.

    They get GRACE_S to end by themselves. Processes whose pid was reused are left alone.
    """
    known = [each for each in processes if each.get("boot") == _boot()]
    for each in filter(is_running, known):
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(each["pid"]), signal.SIGTERM)
    deadline = time.monotonic() + GRACE_S
    while any(map(is_running, known)) and time.monotonic() < deadline:
        time.sleep(POLL_S)
    killed = [int(each["pid"]) for each in known if is_running(each)]
    killed += [pid for each in known for pid in _orphans(int(each["pid"]), home=home)]
    for pid in killed:
        kill_group(pid)
    return killed


def _orphans(leader: int, *, home: Path) -> list[int]:
    """Return the members of a dead leader's group, as long as they carry our home's name."""
    if sys.platform != "linux" or start_time(leader) is not None:
        return []
    mark = b"TRINITY_HOME=" + os.fsencode(home)
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # It ended while we looked, or is not ours to read.
            is_member = os.getpgid(int(folder.name)) == leader
            if is_member and mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def kill_group(pid: int) -> None:
    """Kill the group that ``pid`` leads, or ``pid`` alone where it leads none."""
    with contextlib.suppress(ProcessLookupError):
        if os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)


def _boot() -> str:
    return BOOT_ID.read_text().strip() if BOOT_ID.exists() else ""
