"""A program of the stack and its running self, under a guardian each."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from shutil import disk_usage
from typing import Any, Final

from trinity.stack import leftovers
from trinity.stack.errors import StackError
from trinity.stack.home import ROOT

GUARDIAN: Final = Path(__file__).with_name("guardian.py")
ERROR: Final = re.compile(
    r"^[\w.]*(Error|Exception|Interrupt|Refused|Configured): |FATAL|PANIC|No space left"
)
FULL_BELOW_BYTES: Final = 1024 * 1024
DISK_FULL: Final = "No space left on device"
LOG_BYTES_MAX: Final = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run. ``log`` is None for a program that keeps the terminal."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    log: Path | None
    cwd: Path = ROOT
    stop_signal: int = signal.SIGTERM
    stop_s: float = 4.0
    user: int | None = None
    group: int | None = None
    # One that nothing else waits for: it is started again for as long as the stack runs.
    is_optional: bool = False

    def spec(self, *, report_fd: int) -> str:
        """Return the guardian's order. Secrets travel in the environment, never here."""
        return json.dumps(
            {
                "argv": self.argv,
                "cwd": str(self.cwd),
                "log": str(self.log) if self.log else None,
                "log_bytes_max": LOG_BYTES_MAX,
                "own_group": self.log is not None,
                "parent_pid": os.getpid(),
                "report_fd": report_fd,
                "stop_s": self.stop_s,
                "stop_signal": int(self.stop_signal),
                "user": self.user,
                "group": self.group,
            }
        )


@dataclass(slots=True, kw_only=True)
class Child:
    """A program that was started. ``pid`` is its main process, not the guardian."""

    program: Program
    guardian: subprocess.Popen[bytes]
    pid: int
    started_at_s: float = field(default_factory=time.monotonic)
    identities: tuple[dict[str, Any], dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.identities = (leftovers.identity(self.guardian.pid), leftovers.identity(self.pid))

    @property
    def lived_s(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.started_at_s

    def exit_code(self) -> int | None:
        """Return None while it runs, else its exit code (128 + n for signal n)."""
        was_running = self.guardian.returncode is None
        code = self.guardian.poll()
        if was_running and code is not None and code < 0 and self.program.log:
            # Somebody killed the guardian alone; what it guarded is ours to end now.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        return code

    def ask_to_stop(self) -> None:
        """Let the guardian stop the program; it kills what does not go in ``stop_s``."""
        with contextlib.suppress(ProcessLookupError):
            self.guardian.terminate()

    def kill(self) -> None:
        """End the program now; the guardian clears up after it."""
        if leftovers.is_running(self.identities[1]):
            leftovers.kill_group(self.pid) if self.program.log else os.kill(
                self.pid, signal.SIGKILL
            )

    def abandon(self) -> None:
        """End the guardian too, which hangs; ``exit_code`` then ends the program."""
        self.guardian.kill()

    def obituary(self, what: str) -> str:
        """Return one sentence: ``what`` happened, why as far as its log knows, where to look."""
        tail = self.tail()
        # On a full disk not even the reason can be written down.
        if self.program.log and (
            DISK_FULL in tail or disk_usage(self.program.log.parent).free < FULL_BELOW_BYTES
        ):
            return f"The disk that holds {self.program.log.parent} is full; make room, start again."
        return f"{what}{f' ({tail})' if tail else ''}; see {self.program.log}."

    def tail(self) -> str:
        """Return the line of its log that says why: the last error, else the last line."""
        if self.program.log is None or not self.program.log.exists():
            return ""
        text = self.program.log.read_text(encoding="utf-8", errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        errors = [line for line in lines if ERROR.search(line)]
        return (errors or lines or [""])[-1]


def start(program: Program) -> Child:
    """Start ``program`` under a guardian and return once its main process exists.

    Raises StackError when it cannot be started at all.
    """
    read_fd, write_fd = os.pipe()
    with os.fdopen(read_fd, "rb") as report, contextlib.ExitStack() as files:
        words = files.enter_context(program.log.open("ab")) if program.log else None
        try:
            guardian = subprocess.Popen(
                [sys.executable, "-I", "-S", str(GUARDIAN), program.spec(report_fd=write_fd)],
                env=dict(program.env),
                pass_fds=(write_fd,),
                process_group=0 if program.log else None,
                stdin=subprocess.DEVNULL if program.log else None,
                stdout=words,
                stderr=words,
            )
        finally:
            os.close(write_fd)
        line = report.readline()
    if not line.strip():
        guardian.wait()
        raise StackError(f"{program.argv[0]} could not be started for {program.name}.")
    return Child(program=program, guardian=guardian, pid=int(line))
